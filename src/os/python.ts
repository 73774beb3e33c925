// memspan/python: what Python keeps in shared memory. Exports, nothing else.

export {
  Float,
  float,
  type ListMemory,
  ShareableList,
  type ShareableValue,
} from './python/shareable-list.ts';
