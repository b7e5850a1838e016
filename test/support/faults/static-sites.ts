import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** A call of the file system, of sockets or of SQLite in the sources: `src/a.ts:8`, `handle.read`. */
export interface StaticSite {
  readonly place: string;
  readonly call: string;
}

const root = resolve(__dirname, '../../..');

/** Declarations of the calls: Node's types and the driver's. */
const DECLARED = /\/(@types\/node\/(fs|fs\/promises|net)\.d\.ts|libsql\/.*\.d\.ts|@types\/better-sqlite3\/.*\.d\.ts)$/;

/**
 * All calls in `src`, `actors` and `lambda` that preload.cjs can make fail, found by the types of the called functions.
 * @param isKnown true for the name of such a call
 */
export function staticSites(isKnown: (call: string) => boolean): readonly StaticSite[] {
  const configPath = join(root, 'tsconfig.build.json');
  const { config } = ts.readConfigFile(configPath, (path) => ts.sys.readFile(path)) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  const sites: StaticSite[] = [];
  for (const file of program.getSourceFiles()) {
    const name = relative(root, file.fileName);
    if (!/^(src|actors|lambda)\//.test(name)) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        const call = callOf(checker, node);
        if (call !== null && isKnown(call)) sites.push({ place: `${name}:${lineOf(file, node)}`, call });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return sites;
}

function lineOf(file: ts.SourceFile, node: ts.CallExpression | ts.NewExpression): number {
  // As in a stack: the place of the called name.
  const { expression } = node;
  const at = ts.isPropertyAccessExpression(expression) ? expression.name.getStart(file) : node.getStart(file);
  return file.getLineAndCharacterOfPosition(at).line + 1;
}

function callOf(checker: ts.TypeChecker, node: ts.CallExpression | ts.NewExpression): string | null {
  const declaration = checker.getResolvedSignature(node)?.declaration;
  if (declaration === undefined || !DECLARED.test(declaration.getSourceFile().fileName)) return null;
  const { parent } = declaration;
  const owner = ts.isInterfaceDeclaration(parent) || ts.isClassDeclaration(parent) ? parent.name?.getText() : '';
  const name = ts.isNewExpression(node) ? 'open' : calledName(node.expression);
  if (owner === 'FileHandle') return `handle.${name}`;
  if (owner === 'Statement') return `statement.${name}`;
  return owner === 'Database' || owner === 'BetterSqlite3' || ts.isNewExpression(node) ? `sqlite.${name}` : name;
}

function calledName(expression: ts.Expression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}
