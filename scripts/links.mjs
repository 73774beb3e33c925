// Links in Markdown that lead nowhere: a file that is not there, or a heading that its page does not have.
import fs from 'node:fs';
import path from 'node:path';
import GithubSlugger from 'github-slugger';

/** What tools made, and what is not ours. */
const OTHERS = new Set(['.git', '.nodes', '.windows', 'build', 'coverage', 'dist', 'node_modules']);

/** A sentence for each broken link of each Markdown file below `root`. */
export function brokenLinks(root) {
  return pagesIn(root).flatMap((page) =>
    linksIn(fs.readFileSync(path.join(root, page), 'utf8')).flatMap(({ target, line }) => {
      const problem = problemOf(root, page, target);
      return problem === undefined ? [] : [`${page}:${line}: ${target} ${problem}`];
    }),
  );
}

function pagesIn(root, folder = '') {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return OTHERS.has(entry.name) ? [] : pagesIn(root, name);
      return entry.isFile() && name.endsWith('.md') ? [name] : [];
    });
}

function linksIn(text) {
  const prose = withoutCode(text);
  return [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map((match) => ({
    target: match[1],
    line: prose.slice(0, match.index).split('\n').length,
  }));
}

/** Blanked, so that lines stay where they are. */
function withoutCode(text) {
  const blank = (code) => code.replace(/[^\n]/g, ' ');
  return text.replace(/^(```+)[\s\S]*?^\1[^\S\n]*$/gm, blank).replace(/(`+)[^`\n]+\1/g, blank);
}

function problemOf(root, page, target) {
  if (/^(https|mailto):/.test(target)) return undefined;
  if (/^[\w+.-]+:/.test(target)) return 'is of no kind that readers can open: use https';
  const [file, anchor] = target.split('#');
  if (file.startsWith('/')) return 'begins at no known place: write it relative to the page';
  const wanted = file === '' ? page : path.posix.join(path.posix.dirname(page), decodeURI(file));
  if (wanted.startsWith('../')) return 'leads out of the repository';
  const full = path.join(root, wanted);
  if (!fs.existsSync(full)) return 'is not there: correct the link, or write the page';
  if (anchor === undefined || anchor === '' || !wanted.endsWith('.md')) return undefined;
  if (headingsIn(fs.readFileSync(full, 'utf8')).has(anchor)) return undefined;
  return `names no heading of ${wanted}: correct what stands behind the #`;
}

/** As GitHub and npm make anchors of headings. */
function headingsIn(text) {
  const slugger = new GithubSlugger();
  const fenced = text.replace(/^(```+)[\s\S]*?^\1[^\S\n]*$/gm, '');
  const headings = [...fenced.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)];
  return new Set(headings.map(([, title]) => slugger.slug(plain(title))));
}

/** A heading as it is read: a link's text without its target, no marks. */
function plain(title) {
  return title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
}
