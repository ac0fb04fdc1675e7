package investigate

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// busy is a day of one host: many programs that do what programs do, and among them some that become cases.
func busy(records, cases int) []record {
	var log []record
	at := func(i int) string {
		return clock("00:00:00").Add(time.Duration(i) * 24 * time.Hour / time.Duration(records)).Format("15:04:05")
	}
	for i := 0; len(log) < records; i++ {
		pid := 10_000 + i
		image := fmt.Sprintf(`C:\Program Files\Office\tool%d.exe`, i%50)
		log = append(log, starts(at(len(log)), pid, image, fmt.Sprintf("tool -n %d", i), 100, desktop))
		for k := range 4 {
			log = append(log, writes(at(len(log)), pid, image, fmt.Sprintf(`C:\Users\ann\AppData\Local\Temp\f%d.tmp`, i*4+k)), deed(22, at(len(log)), pid, image, "QueryName", "intranet.example"))
		}
		log = append(log, deed(13, at(len(log)), 100, desktop, "TargetObject", `HKCU\Software\x`, "Details", "1"))
		if cases > 0 && i%max(records/10/cases, 1) == 0 {
			own, out := fmt.Sprintf(`C:\Users\ann\%d\mftrace.exe`, i), fmt.Sprintf(`C:\Users\ann\job%d.exe`, i)
			log = append(log, starts(at(len(log)), pid+1_000_000, own, "mftrace.exe "+out, 100, desktop), starts(at(len(log)), pid+2_000_000, out, out, pid+1_000_000, own))
		}
	}
	return log
}

func BenchmarkRun(b *testing.B) {
	for _, size := range []struct{ records, cases int }{{20_000, 1}, {20_000, 100}, {20_000, 1000}} {
		b.Run(fmt.Sprintf("records=%d/cases=%d", size.records, size.cases), func(b *testing.B) {
			data := asEVTX(b, busy(size.records, size.cases))
			set := open(b, map[string][]byte{"a.evtx": data})
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(investigate(b, set, Options{Threads: 1}).Cases)
			}
			b.ReportMetric(float64(n), "cases")
		})
	}
}

// TestCostGrowsWithCasesNotWithTheirSquare: ten times the cases on one host may cost some ten times as much, not a hundred times.
// What is allocated stands in for time, which other programs on the machine would change.
func TestCostGrowsWithCasesNotWithTheirSquare(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	cost := func(records, cases int) uint64 {
		set := logs{"a.evtx": busy(records, cases)}.set(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if n := len(investigate(t, set, Options{}).Cases); n < cases*8/10 || n > cases*12/10 {
			t.Fatalf("%d cases, not about %d", n, cases)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := cost(2_000, 100), cost(20_000, 1_000)
	t.Logf("100 cases: %d MB, 1000 cases: %d MB", small>>20, large>>20)
	if large > 30*small {
		t.Errorf("100 cases cost %d MB, 1000 cost %d MB", small>>20, large>>20)
	}
}
