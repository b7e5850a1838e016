/**
 * Ends this process as soon as the one that started it is gone, however it went.
 * @returns what to call when its work is done: it then ends by itself, once everything it said was written
 */
export function endWithParent(): () => void {
  const end = (): void => process.exit(1);
  process.stdin.on('close', end).resume();
  return () => {
    process.stdin.off('close', end).destroy();
  };
}
