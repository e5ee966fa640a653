import { answer } from '../in-thread.ts';
import { fitBiases } from './baselines.ts';

answer(fitBiases);
