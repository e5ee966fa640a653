import { answer } from './in-thread.ts';
import { learnFrom } from './interest.ts';

answer(learnFrom);
