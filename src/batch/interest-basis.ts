import { answer } from './in-thread.ts';
import { basisFrom } from './interest.ts';

answer(basisFrom);
