import { truncate, html, Markup, visible } from '../../../src/html/escape';

describe('visible', () => {
  it.each([
    ['a\tb', 'a    b'],
    ['a\r\nBcc: x', 'a\\r\\nBcc: x'],
    ['\x1b[31mred\x00', '\\x1b[31mred\\x00'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['\u2028', '\\u2028'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
    ['naïve 日本 😀 \ufffd', 'naïve 日本 😀 \ufffd'],
  ])('shows %j as %j', (text, shown) => expect(visible(text)).toBe(shown));
});

describe('truncate', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀bc', 3, 'a…'],
  ])('shortens %j to %i units: %j', (text, max, expected) => expect(truncate(text, max)).toBe(expected));
});

describe('html', () => {
  it('escapes strings in text and attributes, and nothing else', () => {
    const hostile = `<b a="1" c='2'>&`;
    expect(html`<p title="${hostile}">${hostile}${html`<i>${1}</i>`}${[html`<u></u>`]}</p>`.toString()).toBe(
      '<p title="&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;">&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;<i>1</i><u></u></p>',
    );
  });

  it('keeps the line breaks of values, and removes the indentation of the template', () => {
    // prettier-ignore
    const nested = html`<a>
        ${'x\n  y'}${Markup.trusted('\n  z')}
      </a>`;
    expect(nested.toString()).toBe('<a>\nx\n  y\n  z\n</a>');
  });
});
