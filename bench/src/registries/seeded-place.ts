import type { Place } from '@longshore/e2e/registry-configuration'
import type { Bench } from '../bench.ts'
import { seed, seededBlobs } from '../load/seed.ts'
import { newPlace } from './place.ts'

/** In which the seeded blobs are. */
export const seededRepository = 'bench/seeded'

const places = new WeakMap<object, Promise<Place & { readonly blobs: number }>>()

/** A bucket with 100,000 blobs in one repository, made once for all figures that read it. */
export async function seededPlace(bench: Bench): Promise<Place & { readonly blobs: number }> {
  const ceph = await bench.session.ceph()
  const place = places.get(ceph) ?? makePlace(bench)
  places.set(ceph, place)
  return place
}

async function makePlace(bench: Bench): Promise<Place & { readonly blobs: number }> {
  const blobs = bench.size(100_000, 2000)
  bench.log(`storing ${blobs} blobs, two objects each`)
  const place = await newPlace(bench)
  await seed(place, seededBlobs(seededRepository, blobs))
  return { ...place, blobs }
}
