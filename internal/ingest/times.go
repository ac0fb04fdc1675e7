package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"reeve"
)

// moment is a time as evidence states it.
type moment struct {
	at    reeve.Time // taken as UTC when local
	local bool       // stated without an offset
}

// parseTime reads the spellings of time that event exports use; ok is false for anything else.
//
//	2020-09-20T20:05:38.1234567Z   any number of decimals, "T" or " ", "Z", +02:00, +0200 or nothing
//	2020-09-20 20:05:38,123 UTC
//	9/1/2020 5:21:08 PM            month first; a comma may follow the year
//	Sep 1, 2020 5:21:08 PM
//	/Date(1600629938123)/          milliseconds since 1970
//	1600629938.123, 1600629938123  seconds, milli-, micro- or nanoseconds since 1970
//	131883575587910000             a FILETIME
func parseTime(b []byte) (m moment, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) < 8 || len(b) > 64 {
		return moment{}, false
	}
	switch {
	case len(b) >= 19 && b[4] == '-' && b[7] == '-':
		return parseISO(b)
	case bytes.HasPrefix(b, []byte("/Date(")):
		b = bytes.TrimSuffix(bytes.TrimSuffix(b[6:], []byte("/")), []byte(")"))
		if i := bytes.LastIndexAny(b, "+-"); i > 0 {
			b = b[:i] // the offset is for display: the number is UTC
		}
		ms, ok := number(b)
		return moment{at: unix(int64(ms/1000), int64(ms%1000)*1e6)}, ok && ms < 1<<48
	case bytes.IndexByte(b, '/') > 0:
		return parseAmerican(b)
	case b[0] >= 'A' && b[0] <= 'Z':
		return parseNamed(b)
	}
	return parseEpoch(b)
}

func unix(sec, nsec int64) reeve.Time { return reeve.TimeOf(time.Unix(sec, nsec)) }

// digits reads the n digits at b[i:].
func digits(b []byte, i, n int) (v int, ok bool) {
	if i+n > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// civil turns a calendar day and time of day into a moment taken as UTC.
func civil(y, mo, d, h, mi, s, ticks int) (reeve.Time, bool) {
	if mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 60 || y < 1601 {
		return 0, false
	}
	// Days from 0000-03-01 in the proleptic Gregorian calendar, years beginning in March.
	yy, mm := y, mo-3
	if mo <= 2 {
		yy, mm = y-1, mo+9
	}
	const to1601 = 584_694 // days from 0000-03-01 to 1601-01-01
	days := 365*yy + yy/4 - yy/100 + yy/400 + (153*mm+2)/5 + d - 1 - to1601
	return reeve.Time(int64(days)*86400+int64(h)*3600+int64(mi)*60+int64(s))*reeve.Second + reeve.Time(ticks), true
}

func parseISO(b []byte) (moment, bool) {
	y, ok1 := digits(b, 0, 4)
	mo, ok2 := digits(b, 5, 2)
	d, ok3 := digits(b, 8, 2)
	h, ok4 := digits(b, 11, 2)
	mi, ok5 := digits(b, 14, 2)
	s, ok6 := digits(b, 17, 2)
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || b[10] != 'T' && b[10] != ' ' && b[10] != 't' || b[13] != ':' || b[16] != ':' {
		return moment{}, false
	}
	ticks, rest := fraction(b[19:])
	at, ok := civil(y, mo, d, h, mi, s, ticks)
	if !ok {
		return moment{}, false
	}
	return zone(at, bytes.TrimLeft(rest, " "))
}

// fraction reads ".1234567" or ",123" as ticks of 100 ns; further digits are cut off.
func fraction(b []byte) (ticks int, rest []byte) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' {
		return 0, b
	}
	unit, i := 1_000_000, 1
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		ticks += int(b[i]-'0') * unit
		unit /= 10
	}
	return ticks, b[i:]
}

// zone applies what stands behind a time of day.
func zone(at reeve.Time, b []byte) (moment, bool) {
	switch {
	case len(b) == 0:
		return moment{at, true}, true
	case string(b) == "Z" || string(b) == "z" || string(b) == "UTC" || string(b) == "GMT":
		return moment{at, false}, true
	case b[0] == '+' || b[0] == '-':
		h, ok := digits(b, 1, 2)
		if !ok {
			return moment{}, false
		}
		mi := 0
		if rest := bytes.TrimPrefix(b[3:], []byte(":")); len(rest) > 0 {
			if mi, ok = digits(rest, 0, 2); !ok || len(rest) > 2 {
				return moment{}, false
			}
		}
		shift := reeve.Time(h)*reeve.Hour + reeve.Time(mi)*reeve.Minute
		if b[0] == '-' {
			shift = -shift
		}
		return moment{at - shift, false}, h < 24 && mi < 60
	}
	return moment{}, false
}

// parseAmerican reads 9/1/2020 5:21:08 PM and 01/14/2021 23:41:39.
func parseAmerican(b []byte) (moment, bool) {
	var n [6]int
	for i := range n {
		start := 0
		for start < len(b) && start < 4 && b[start] >= '0' && b[start] <= '9' {
			n[i] = n[i]*10 + int(b[start]-'0')
			start++
		}
		if start == 0 {
			return moment{}, false
		}
		b = b[start:]
		if i < 5 {
			if i == 2 {
				b = bytes.TrimPrefix(b, []byte(","))
			}
			if len(b) == 0 || b[0] != "// ::"[i] {
				return moment{}, false
			}
			b = b[1:]
		}
	}
	ticks, rest := fraction(b)
	rest = bytes.TrimLeft(rest, " ")
	if len(rest) >= 2 && rest[1]|0x20 == 'm' && n[3] >= 1 && n[3] <= 12 {
		switch rest[0] | 0x20 {
		case 'p':
			n[3] = n[3]%12 + 12
		case 'a':
			n[3] %= 12
		}
		rest = bytes.TrimLeft(rest[2:], " ")
	}
	at, ok := civil(n[2], n[0], n[1], n[3], n[4], n[5], ticks)
	if !ok {
		return moment{}, false
	}
	return zone(at, rest)
}

// parseNamed reads Sep 1, 2020 5:21:08 PM.
func parseNamed(b []byte) (moment, bool) {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	at := strings.Index(months, string(b[:3]))
	day, rest, ok := bytes.Cut(b[3:], []byte(", "))
	if day = bytes.TrimPrefix(day, []byte(" ")); at < 0 || at%3 != 0 || !ok || len(day) > 2 {
		return moment{}, false
	}
	year, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return moment{}, false
	}
	var american [80]byte
	a := append(strconv.AppendInt(american[:0], int64(at/3+1), 10), '/')
	a = append(append(a, day...), '/')
	a = append(append(a, bytes.TrimSuffix(year, []byte(","))...), ' ')
	return parseAmerican(append(a, rest...))
}

func parseEpoch(b []byte) (moment, bool) {
	whole, frac, _ := bytes.Cut(b, []byte("."))
	n, ok := number(whole)
	if !ok || len(whole) < 9 || b[1] == 'x' {
		return moment{}, false
	}
	v := int64(n)
	switch {
	case n < 1e11:
		ticks, rest := fraction(append([]byte("."), frac...))
		if len(rest) > 0 && len(frac) > 0 {
			return moment{}, false
		}
		return moment{at: unix(v, int64(ticks)*100)}, true
	case n < 1e14:
		return moment{at: unix(v/1e3, v%1e3*1e6)}, true
	case n < 1e17:
		return moment{at: unix(v/1e6, v%1e6*1e3)}, true
	case n < 1e18: // FILETIMEs of 1917 to 4769; nanoseconds of these would be before 2001
		return moment{at: reeve.Time(v)}, true
	case n < 1<<62:
		return moment{at: unix(v/1e9, v%1e9)}, true
	}
	return moment{}, false
}

// settle turns a record's times into one. A time without an offset is local to somebody: when the record also has a time in
// UTC of about the same moment, the difference rounded to quarter hours is the offset; else zone is assumed.
func settle(stated moment, anchor reeve.Time, z *time.Location) (at reeve.Time, assumed bool) {
	if !stated.local {
		return stated.at, false
	}
	if anchor > 0 {
		const quarter, tolerance, furthest = 15 * reeve.Minute, 2 * reeve.Minute, 14 * reeve.Hour
		diff := anchor - stated.at
		offset := (diff + quarter/2) / quarter * quarter
		if diff < 0 {
			offset = -((-diff + quarter/2) / quarter * quarter)
		}
		if rest := diff - offset; rest > -tolerance && rest < tolerance && offset >= -furthest && offset <= furthest {
			return stated.at + offset, false
		}
	}
	if z == nil || z == time.UTC {
		return stated.at, true
	}
	t := stated.at.Std()
	return reeve.TimeOf(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), z)), true
}
