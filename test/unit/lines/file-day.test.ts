import { fileDayOf } from '../../../src/lines/file-day';

const epochDay = (date: string): number => Date.parse(date) / 86_400_000;

describe('the day in a file name', () => {
  it.each([
    ['host-1/LogFileGenerator.2021-10-17.log', '2021-10-17'],
    ['host-1/2020-01-01/app.2021-10-17.2021-10-18.log', '2021-10-18'],
    ['2021-10-17', '2021-10-17'],
    ['app.log.2021-10-17.1.gz', '2021-10-17'],
    ['app.log.2021-10-17-09', '2021-10-17'],
    ['app.log.2021-10-17_09-30.gz', '2021-10-17'],
    ['app_2021_10_17.log', '2021-10-17'],
    ['app.2021.10.17.log.3', '2021-10-17'],
    ['postgresql-2021-10-17_000000.csv', '2021-10-17'],
    ['2021-10-17T10:00:00Z.log', '2021-10-17'],
    ['app-20211017.log', '2021-10-17'],
    ['app.log-20211017', '2021-10-17'],
    ['app.log-20211017.gz', '2021-10-17'],
    ['app.log-20211017-1634428800.gz', '2021-10-17'],
    ['app_20211017.1.log', '2021-10-17'],
    ['app20211017.log', '2021-10-17'],
    ['app.log-2021101709.gz', '2021-10-17'],
    ['app.log-202110170930', '2021-10-17'],
    ['app-20211017093059.log', '2021-10-17'],
    ['app-20211017093059123.log', '2021-10-17'],
    ['app-20211017T093059Z.log', '2021-10-17'],
    ['app-20211017-093059.log', '2021-10-17'],
    ['app-17-10-2021.log', '2021-10-17'],
    ['app.17.10.2021.log', '2021-10-17'],
    ['app_10_17_2021.log', '2021-10-17'],
    ['app-03-04-2021.log', '2021-04-03'],
    ['app-12-10-2021.log', '2021-10-12'],
    ['app-2020-02-29.log', '2020-02-29'],
  ])('of %j is %j', (key, expected) => {
    expect(fileDayOf(key, epochDay('2021-10-18'))).toBe(epochDay(expected));
  });

  it.each([
    '2020-01-01/app.log',
    '20211017/app.log',
    'app.2021-13-17.log',
    'app.2021-02-29.log',
    'app.12021-10-17.log',
    'app.2021-10-170.log',
    'app.2021-10_17.log',
    'app.1969-12-31.log',
    'app-1634428800.log',
    'app-1795168844123.log',
    'app-20211317.log',
    'app-20211032.log',
    'app-2021101725.log',
    'app-202110170960.log',
    'app-120211017.log',
    'app-2021101.log',
    'app-19691231.log',
    'app-99991231.log',
    'app-8080.log',
    'app-v20211017.log',
    'app-1.2021.10.17.log',
    'app-1.17.10.2021.log',
    'app-10.20.8080.log',
    'i-0a20211017.log',
    'app-20211017f.log',
    '20211017-4f89-11d3-9a0c-0305e82c3301.log',
    'app.log',
    '',
  ])('is not in %j', (key) => {
    expect(fileDayOf(key, epochDay('2021-10-18'))).toBeNull();
  });

  it('takes time in proportion to the length of the key', () => {
    expect(fileDayOf('2-'.repeat(500), 0)).toBeNull();
    expect(fileDayOf('a1'.repeat(500), 0)).toBeNull();
    expect(fileDayOf('a'.repeat(1000) + '20211017', 0)).toBe(epochDay('2021-10-17'));
  });
});
