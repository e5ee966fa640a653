import { drawCandidates } from '../model/interest/learn-interest.ts';
import { answer } from './in-thread.ts';

answer(drawCandidates);
