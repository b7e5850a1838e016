import { rubyLibrary } from './libraries';
import { baseName, nextSection, short, type Trace } from './trace';

/** `x.rb:1:in 'f': message (Type)`, then `from y.rb:2:in 'g'`; causes follow in the same shape. */
export function readRubyLine(trace: Trace, line: string): Trace {
  const found = /^\s*(from )?(\S+\.rb):\d+:in [`'](.+?)'(?=$|:)/.exec(line);
  if (found === null) return trace;
  const [, from, file = '', name = ''] = found;
  const type = /\(([A-Z]\w*(?:::\w+)*)\)\s*$/.exec(line)?.[1];
  const section =
    from === undefined && type !== undefined ? nextSection(trace, type) : { ...trace, type: trace.type ?? trace.guess };
  if (section.frame !== null || rubyLibrary.test(file)) return section;
  // `Cart#total`, as of Ruby 3.4, `block in total`.
  return { ...section, frame: short(`${name.replace(/^.*[#. ]/, '')} (${baseName(file)})`) };
}
