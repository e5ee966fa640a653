import { CARD_BLOB } from '../contracts/model-card.ts';
import type { Store } from '../store/store.ts';

/** All bytes of a version but those of manifest and card, which tell when and how fast it was made. */
export async function contentOf(store: Store, version: string): Promise<unknown> {
  const artefacts: Record<string, Buffer> = {};
  const readers: Array<[string, Buffer]> = [];
  for await (const part of store.parts(version)) {
    if (part.kind === 'readers') {
      part.ids.forEach((id, n) => readers.push([id, Buffer.from(part.records[n] ?? [])]));
    } else if (part.name !== CARD_BLOB) {
      const before = artefacts[part.name] ?? Buffer.alloc(0);
      artefacts[part.name] = Buffer.concat([before, part.bytes]);
    }
  }
  return { artefacts, readers };
}
