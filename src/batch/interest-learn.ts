import { answer } from './in-thread.ts';
import { weightsFrom } from './interest.ts';

answer(weightsFrom);
