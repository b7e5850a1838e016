import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBatch } from '../../src/ingestion/signal/encoding';
import { tempFolders } from '../support/temp-folder';

/** The agent of SSM is a Go program: it compiles the pattern of a parameter with `regexp`, and fails the command on an error. */

const folders = tempFolders();
const document = JSON.parse(readFileSync(join(__dirname, '../../conf/ssm-document.json'), 'utf8')) as {
  readonly parameters: { readonly payload: { readonly allowedPattern: string } };
};
const program = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

func main() {
	pattern, err := regexp.Compile(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	var values []string
	if err := json.Unmarshal([]byte(os.Args[2]), &values); err != nil {
		panic(err)
	}
	for _, value := range values {
		fmt.Println(pattern.MatchString(value))
	}
}
`;

function inGo(pattern: string, values: readonly string[]): readonly string[] {
  const folder = folders.make();
  writeFileSync(join(folder, 'main.go'), program);
  const args = ['run', join(folder, 'main.go'), pattern, JSON.stringify(values)];
  return execFileSync('go', args, { encoding: 'utf8', cwd: folder }).trim().split('\n');
}

test('Go compiles the pattern of the document, which takes payloads and nothing that a shell interprets', () => {
  const good = [encodeBatch('telltale-logs', ['logs/"$(reboot)`.log', 'a\nb']), 'e30'];
  const bad = ['', 'a b', '$(reboot)', '`reboot`', 'a;b', 'e30\n', '\ne30', 'e30=', 'ü', "a'b"];
  const { allowedPattern } = document.parameters.payload;
  expect(inGo(allowedPattern, good)).toEqual(good.map(() => 'true'));
  expect(inGo(allowedPattern, bad)).toEqual(bad.map(() => 'false'));
}, 120_000);

test('Go does not compile a repetition of more than 1,000', () => {
  expect(inGo('^[A-Za-z0-9_-]{1,4096}$', ['e30'])).toEqual(['error parsing regexp: invalid repeat count: `{1,4096}`']);
}, 120_000);
