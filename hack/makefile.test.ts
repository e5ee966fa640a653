import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../src/runtime/environment.ts';

const makefile = readFileSync(`${projectFolder}/Makefile`, 'utf8');
const targets = (/^\.PHONY: (.*)$/m.exec(makefile)?.[1] ?? '').split(' ');

describe('Makefile', () => {
  it('lists every target in its help', () => {
    const help = execFileSync('make', ['--no-print-directory', 'help'], {
      cwd: projectFolder,
      encoding: 'utf8',
    });
    const listed = [...help.matchAll(/^ {2}make ([\w-]+) +\S/gm)].map((match) => match[1]);
    expect(listed.toSorted()).toEqual(targets.toSorted());
  });

  it('keeps recipes at three lines or less', () => {
    const recipes = makefile.match(/(?:^\t.*\n)+/gm) ?? [];
    expect(recipes.length).toBeGreaterThan(10);
    expect(recipes.filter((recipe) => recipe.trimEnd().split('\n').length > 3)).toEqual([]);
  });
});
