import { endedRecognition, mayBePoorlyUnderstood, type Recognition } from '../../../src/lines/recognition';
import { initialReadingState } from '../../../src/lines/reading-state';
import { createScanner, type ScanContext } from '../../../src/lines/scanner';
import { isOfTrace } from '../../../src/lines/traces';

const context: ScanContext = {
  ...{ source: 'bucket/host/app.log', origin: 'host', generation: 0, fileDay: null, zone: 'UTC', customFormat: null },
  ...{ lastModified: Date.UTC(2026, 10, 29, 12), maxFutureSkew: 300_000, maxLineBytes: 65_536, batchBytes: 900_000 },
};

function recognitionOf(text: string): Recognition {
  const scanner = createScanner(context, { offset: 0, held: Buffer.alloc(0), reading: initialReadingState });
  scanner.push(Buffer.from(text));
  scanner.finish();
  return endedRecognition(scanner.state().reading.recognition);
}

const error = '2026-11-29 10:00:00,123 ERROR shop: failed\n';

/** As the runtimes and loggers of these languages print them. */
const traces: readonly (readonly [name: string, trace: string])[] = [
  [
    'Java',
    `java.lang.IllegalStateException: cart 7 is closed
	at shop.Cart.add(Cart.java:77)
	at shop.Main.main(Main.java:12)
Caused by: java.io.IOException: broken pipe
	at java.base/sun.nio.ch.FileDispatcherImpl.write0(Native Method)
	... 12 more
`,
  ],
  ['Java without frames', 'java.lang.NullPointerException\n'],
  ['Java, indents taken off', 'shop.CartException: closed\nat shop.Cart.add(Cart.java:77)\n... 3 more\n'],
  [
    'Java, an overflow of the stack',
    `java.lang.StackOverflowError\n${'\tat shop.Cart.add(Cart.java:7)\n'.repeat(1_024)}`,
  ],
  [
    'Java, a dump of threads',
    Array.from(
      { length: 40 },
      (_, i) => `"http-nio-8080-exec-${i}" #${i} daemon prio=5 os_prio=0 tid=0x00007f waiting on condition
   java.lang.Thread.State: WAITING (parking)
	at jdk.internal.misc.Unsafe.park(Native Method)

`,
    ).join(''),
  ],
  [
    'Python',
    `Traceback (most recent call last):
  File "/srv/shop/cart.py", line 7, in add
    self.items[name]
KeyError: 'apple'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/main.py", line 12, in <module>
    main()
shop.errors.CartError: no such item: apple
`,
  ],
  [
    'Go',
    `panic: runtime error: index out of range [7] with length 3

goroutine 1 [running]:
main.(*Cart).Add(0xc000012345, {0x4b2a3c, 0x5})
	/srv/shop/cart.go:77 +0x1d
main.main()
	/srv/shop/main.go:12 +0x85
exit status 2
`,
  ],
  [
    'Node.js',
    `TypeError: Cannot read properties of undefined (reading 'price')
    at Cart.add (/srv/shop/cart.js:7:13)
    at Object.<anonymous> (/srv/shop/main.js:12:6) {
  code: 'ERR_CART'
}
`,
  ],
  [
    'Ruby',
    `app/models/cart.rb:77:in 'add': closed (CartError)
	from app/main.rb:12:in 'block in <main>'
	from app/main.rb:11:in 'each'
`,
  ],
  [
    'Rails',
    `NoMethodError (undefined method 'price' for nil):

app/models/cart.rb:77:in \`add'
app/controllers/carts_controller.rb:12:in \`create'
`,
  ],
  [
    'PHP',
    `Stack trace:
#0 /srv/shop/cart.php(77): Cart->add('apple')
#1 /srv/shop/index.php(12): main()
#2 {main}
  thrown in /srv/shop/cart.php on line 77
`,
  ],
  ['Laravel', '[stacktrace]\n#0 /srv/shop/cart.php(77): Cart->add()\n#1 {main}\n"} \n'],
  [
    '.NET',
    `System.InvalidOperationException: The cart is closed.
 ---> System.IO.IOException: Broken pipe
   at Shop.Cart.Write() in /src/Cart.cs:line 70
   --- End of inner exception stack trace ---
   at Shop.Cart.Add(String name) in /src/Cart.cs:line 77
`,
  ],
  [
    'Rust',
    `thread 'main' panicked at src/cart.rs:7:13:
index out of bounds: the len is 3 but the index is 7
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a6/library/std/src/panicking.rs:645:5
   1: shop::main
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.
`,
  ],
  [
    'C++',
    `terminate called after throwing an instance of 'std::out_of_range'
  what():  vector::_M_range_check: __n (which is 7) >= this->size() (which is 3)
./shop(_ZN4Cart3addEv+0x11d) [0x55d0c0a1b2c3]
./shop(main+0x1d) [0x55d0c0a1b2f0]
`,
  ],
  [
    'Elixir',
    `** (KeyError) key :price not found in: %{}
    (shop 1.0.0) lib/shop/cart.ex:7: Shop.Cart.add/2
    (elixir 1.15.0) lib/enum.ex:1: Enum.map/2
`,
  ],
  ['Dart', `#0      Cart.add (package:shop/cart.dart:7:13)\n#1      main (package:shop/main.dart:12:3)\n`],
  ['SQL', 'SELECT id, name,\n  price\nFROM items\nWHERE cart = 7\nAND price > 3\nORDER BY name\n'],
  ['SQL in small letters', 'select id\nfrom items\nwhere cart = 7\nlimit 3\n'],
  ['JSON', '{\n  "cart": 7,\n  "items": []\n}\n'],
];

describe('RecognitionCounter', () => {
  it.each(traces)('doubts no lines of stack traces and the like, however many there are: %s', (_, trace) => {
    expect(recognitionOf((error + trace).repeat(30))).toMatchObject({ unparsed: 0, distant: 0, stray: 0 });
  });

  it.each([
    [
      'docker',
      (line: string) => `${JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2026-11-29T10:00:00Z' })}\n`,
    ],
    ['compose', (line: string) => `web-1  | ${line}\n`],
  ])('doubts no stack traces inside the lines of %s', (_, wrap) => {
    const [java, python] = [traces[0]?.[1], traces[5]?.[1]];
    const text = `${error}${java}${error}${python}`.repeat(20).trimEnd();
    const wrapped = text.split('\n').map(wrap).join('');
    expect(recognitionOf(wrapped)).toMatchObject({ unparsed: 0, distant: 0, stray: 0 });
  });
});

describe('lines of a second program without timestamps', () => {
  const foreign = ['job 17 done', '[worker-3] ERROR no connection', 'ERROR payment refused', 'GET /cart 200 7ms'];

  test.each(foreign)('are doubted between records: %s', (line) => {
    const recognition = recognitionOf(`${error}${line}\n`.repeat(30));
    expect(recognition).toMatchObject({ lines: 60, stray: 30, firstStray: { line: 2, text: line } });
    expect(mayBePoorlyUnderstood(recognition)).toBe(true);
  });

  it('are doubted although stack traces stand between them', () => {
    const [java] = traces;
    const text = `${error}${java?.[1] ?? ''}${error}${'job 17 done\n'.repeat(9)}`;
    expect(recognitionOf(text.repeat(5))).toMatchObject({ stray: 45, firstStray: { line: 9 } });
  });

  it('are doubted inside the lines of a container', () => {
    expect(recognitionOf(`web-1  | ${error}db-1  | checkpoint done\n`.repeat(30))).toMatchObject({
      ...{ lines: 60, stray: 30 },
      firstStray: { line: 2, text: 'db-1  | checkpoint done' },
    });
  });

  it('are probably not understood after 300 of them, and any lines after 3,000', () => {
    expect(recognitionOf(error + 'job done\n'.repeat(310))).toMatchObject({ stray: 300, distant: 10 });
    expect(recognitionOf(error + ' job done\n'.repeat(3_010))).toMatchObject({ stray: 0, distant: 10 });
  });

  it('are not the further parts of a line that a container has split', () => {
    const part = (tag: string, text: string): string => `2026-11-29T10:00:00.1Z stdout ${tag} ${text}\n`;
    const split = part('P', error.trimEnd()) + part('P', 'further').repeat(3) + part('F', 'the end');
    expect(recognitionOf(split.repeat(30))).toMatchObject({ lines: 150, stray: 0 });
  });

  it('are few: at least 20, and more than a fifth', () => {
    expect([19, 20].map((stray) => mayBePoorlyUnderstood({ lines: 60, stray }))).toEqual([false, true]);
    expect([20, 21].map((stray) => mayBePoorlyUnderstood({ lines: 100, stray }))).toEqual([false, true]);
  });
});

describe('isOfTrace', () => {
  const judged = (line: string): boolean => isOfTrace(Buffer.from(line), 0, line.length);

  it.each(['Error', 'Error: x', 'ERROR: refused', 'com.acme.Worker: tick', 'errors: 3', 'at', '#', '# note', 'a:in b'])(
    'is false for %j',
    (line) => expect(judged(line)).toBe(false),
  );

  test.each(['x.FooException', 'ValueError: x', '#12 main', 'lib/a.rb:7:in x', 'f+0x1d', '} // end'])(
    'is true for %j',
    (line) => expect(judged(line)).toBe(true),
  );
});
