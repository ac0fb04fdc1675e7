package reeve

import "time"

// Time is a moment in UTC, in ticks of 100 ns since 1601-01-01 (a Windows FILETIME). Zero means unknown.
type Time int64

const (
	ticksPerSecond = 10_000_000
	unixEpoch      = 11_644_473_600 // seconds from 1601-01-01 to 1970-01-01
)

// Durations in ticks, for windows and differences between two times.
const (
	Second Time = ticksPerSecond
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// TimeOf converts t; times before 1601 and after 9999 become zero (unknown).
func TimeOf(t time.Time) Time {
	s := t.Unix() + unixEpoch
	if s < 0 || s > 265_046_774_399 {
		return 0
	}
	return Time(s*ticksPerSecond + int64(t.Nanosecond()/100))
}

// Std converts to the standard library's time, in UTC.
func (t Time) Std() time.Time {
	return time.Unix(int64(t)/ticksPerSecond-unixEpoch, int64(t)%ticksPerSecond*100).UTC()
}

// String is RFC 3339 in UTC with seven decimals and "Z"; an unknown time is "".
func (t Time) String() string {
	if t <= 0 {
		return ""
	}
	return t.Std().Format("2006-01-02T15:04:05.0000000Z")
}
