/**
 * Writes lines to a stream, those that come in one turn of the event loop together: on a busy registry a write for each would
 * cost as much as all else about it.
 */
export function lineOutput(output: NodeJS.WritableStream): (line: string) => void {
  let waiting = ''
  const write = (): void => {
    output.write(waiting)
    waiting = ''
  }
  return line => {
    if (waiting === '') setImmediate(write)
    waiting += line
  }
}
