import { z } from 'zod';

// zod would try whether it may compile schemas to code; the page's policy forbids that, and reports the try.
z.config({ jitless: true });
