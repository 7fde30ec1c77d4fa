import { setFlagsFromString } from 'node:v8';

/*
 * To be imported before everything else: keeps V8's young generation at the 1 MB with which it begins. A page of a list
 * that is parsed lives through several of its collections, from which V8 concludes that it should be larger: 64 MB that
 * are never given back. Said by the program and not on the command line, it holds for the image and a laptop alike.
 */
setFlagsFromString('--semi-space-growth-factor=1');
