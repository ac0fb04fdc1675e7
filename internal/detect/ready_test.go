package detect_test

import (
	"runtime"
	"testing"

	"reeve/internal/winlog"
	"reeve/sigma"
)

// TestSharedRulesStayWithinTheirMemory: all rules of Windows, with the code of every source made, keep at most 60 MiB.
func TestSharedRulesStayWithinTheirMemory(t *testing.T) {
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	set := sharedRules(t)
	engine := sigma.Compile(set, windows{})
	parsed := live()
	sources := map[string]bool{}
	for _, r := range engine.Rules() {
		for _, s := range winlog.RuleSources(r.Logsource.Category, r.Logsource.Product, r.Logsource.Service) {
			sources[s] = true
		}
	}
	for s := range sources {
		engine.Program(s).NewMatcher()
	}
	after := live()
	t.Logf("%d rules: %.1f MiB parsed, %.1f MiB with the code of %d sources", len(engine.Rules()), float64(parsed-before)/(1<<20), float64(after-before)/(1<<20), len(sources))
	if n := after - before; n > 60<<20 {
		t.Errorf("%d bytes are kept", n)
	}
	runtime.KeepAlive(engine)
	t.Logf("%d cases", len(sources))
}
