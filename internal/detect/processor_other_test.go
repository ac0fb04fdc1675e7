//go:build !unix

package detect_test

import "time"

var begun = time.Now()

// processor is the time that went by, for want of the processor's.
func processor() time.Duration { return time.Since(begun) }
