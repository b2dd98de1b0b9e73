import { expect, it } from '@jest/globals'
import { pushDeletable, staleAfterDelete } from '../support/deletes.ts'
import { readyAt, workplace } from '../support/program.ts'

const here = workplace()

it('serves none of 1,000 blobs, manifests and tags from any of three workers once it is deleted', async () => {
  const config = `http: { addr: 127.0.0.1:0 }
storage: { filesystem: { rootdirectory: ./files }, delete: { enabled: true } }
`
  const url = await readyAt(await here.startWith(config, '--workers', '3'))
  const paths = await pushDeletable({ url }, 1000)
  expect(await staleAfterDelete([url], paths, 4)).toEqual([])
})
