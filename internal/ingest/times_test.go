package ingest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reeve"
)

var times = []struct{ text, want string }{
	{"2020-09-20T20:05:38.1234567Z", "2020-09-20T20:05:38.1234567Z"},
	{"2020-09-20T20:05:38.123456789Z", "2020-09-20T20:05:38.1234567Z"},
	{"2020-09-20T20:05:38Z", "2020-09-20T20:05:38.0000000Z"},
	{"2020-09-20 20:05:38.123", "2020-09-20T20:05:38.1230000Z local"},
	{"2020-09-20 20:05:38,123 UTC", "2020-09-20T20:05:38.1230000Z"},
	{"2020-09-20T20:05:38+02:00", "2020-09-20T18:05:38.0000000Z"},
	{"2020-09-20T20:05:38-0530", "2020-09-21T01:35:38.0000000Z"},
	{"2020-09-20 20:05:38.123 +09:00", "2020-09-20T11:05:38.1230000Z"},
	{"  2020-09-20 20:05:38 ", "2020-09-20T20:05:38.0000000Z local"},
	{"/Date(1600632338123)/", "2020-09-20T20:05:38.1230000Z"},
	{"/Date(1600632338123+0200)/", "2020-09-20T20:05:38.1230000Z"},
	{"9/1/2020 5:21:08 PM", "2020-09-01T17:21:08.0000000Z local"},
	{"12/31/2020 12:00:00 AM", "2020-12-31T00:00:00.0000000Z local"},
	{"01/14/2021 23:41:39", "2021-01-14T23:41:39.0000000Z local"},
	{"9/1/2020, 5:21:08.123 PM", "2020-09-01T17:21:08.1230000Z local"},
	{"Sep 1, 2020 5:21:08 PM", "2020-09-01T17:21:08.0000000Z local"},
	{"Dec 31, 2020, 12:00:08.5 AM", "2020-12-31T00:00:08.5000000Z local"},
	{"epJ 1, 2020 5:21:08 PM", "none"},
	{"Sep 1 2020", "none"},
	{"Sep 31", "none"},
	{"1600632338", "2020-09-20T20:05:38.0000000Z"},
	{"1600632338.25", "2020-09-20T20:05:38.2500000Z"},
	{"1600632338123", "2020-09-20T20:05:38.1230000Z"},
	{"1600632338123456", "2020-09-20T20:05:38.1234560Z"},
	{"1600632338123456789", "2020-09-20T20:05:38.1234567Z"},
	{"132451059381234567", "2020-09-20T20:05:38.1234567Z"},
	{"1601-01-01T00:00:00.0000001Z", "1601-01-01T00:00:00.0000001Z"},
	{"2020-02-29T23:59:59Z", "2020-02-29T23:59:59.0000000Z"},
	{"2020-13-01T00:00:00Z", "none"},
	{"1600-01-01T00:00:00Z", "none"},
	{"2020-09-20T25:00:00Z", "none"},
	{"2020-09-20T20:05:38 somewhere", "none"},
	{"12345", "none"},
	{"99999999999999999999999", "none"},
	{"0x5f67b552", "none"},
	{"yesterday", "none"},
	{"1/2/3", "none"},
	{"", "none"},
}

func TestTimesAsEvidenceSpellsThem(t *testing.T) {
	for _, c := range times {
		got := "none"
		if m, ok := parseTime([]byte(c.text)); ok {
			if got = m.at.String(); m.local {
				got += " local"
			}
		}
		if got != c.want {
			t.Errorf("%q is %s, want %s", c.text, got, c.want)
		}
	}
}

func TestTimesAgreeWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sec := rapid.Int64Range(-11_644_473_599, 253_402_300_799).Draw(t, "sec")
		at := time.Unix(sec, rapid.Int64Range(0, 9_999_999).Draw(t, "ticks")*100).UTC()
		offset := time.FixedZone("", rapid.IntRange(-14*4, 14*4).Draw(t, "quarters")*900)
		text := at.In(offset).Format("2006-01-02T15:04:05.0000000Z07:00")
		if y := at.In(offset).Year(); y < 1601 || y > 9999 {
			return
		}
		m, ok := parseTime([]byte(text))
		if !ok || m.local || m.at != reeve.TimeOf(at) {
			t.Fatalf("%s is %v %v, want %v", text, m, ok, reeve.TimeOf(at))
		}
	})
}

func TestNumbersAsEvidenceSpellsThem(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "4688": "4688", "0x3e7": "999", "0X3E7": "999", "4688.0": "4688", "18446744073709551615": "18446744073709551615",
		"18446744073709551616": "none", "0x1ffffffffffffffff": "none", "-1": "none", "1.5": "none", "": "none", "12a": "none", ".0": "none", "0x": "none"} {
		got := "none"
		if n, ok := number([]byte(text)); ok {
			got = fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
