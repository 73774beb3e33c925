// memspan/python: what Python keeps in shared memory. Exports, nothing else.

export type { Region } from './pointer.ts';
export {
  Float,
  float,
  ShareableList,
  type ShareableValue,
} from './python/shareable-list.ts';
