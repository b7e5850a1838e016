/** The colors of mails and pages, light and dark. Text has a contrast of 4.5 or more against its background (WCAG AA). */
export const palette = {
  page: { light: '#f3f4f6', dark: '#0d1014' },
  card: { light: '#ffffff', dark: '#161a20' },
  code: { light: '#f6f7f9', dark: '#0f1318' },
  line: { light: '#e4e7eb', dark: '#2a3038' },
  ink: { light: '#1b2027', dark: '#e7eaee' },
  mute: { light: '#5c6672', dark: '#98a2ae' },
  bar: { light: '#c5ccd5', dark: '#414b57' },
  alarm: { light: '#c2311f', dark: '#ff7a68' },
  warning: { light: '#8f5c00', dark: '#e3ae45' },
  good: { light: '#17784a', dark: '#55c78a' },
  calm: { light: '#4a5b73', dark: '#9db1cc' },
} as const;

export type Color = keyof typeof palette;

export const fonts = {
  sans: '-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif',
  mono: 'ui-monospace,SFMono-Regular,Menlo,Consolas,Liberation Mono,monospace',
} as const;
