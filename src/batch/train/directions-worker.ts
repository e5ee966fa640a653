import { answer } from '../in-thread.ts';
import { metDirections } from './met-directions.ts';

answer(metDirections);
