let lastMillisecond = 0
let withinMillisecond = 0

/** Gives the time in seconds, never twice the same: the file system's own clock may not tell which of two moments was the later. */
export function now(): number {
  const millisecond = Date.now()
  withinMillisecond = millisecond === lastMillisecond ? withinMillisecond + 0.01 : 0
  lastMillisecond = millisecond
  return (millisecond + withinMillisecond) / 1000
}
