// The Node versions that memspan supports, oldest first: what package.json's engines, the suite's runs and CI agree on.
export const NODES = ['20', '22', '24', '26'];
