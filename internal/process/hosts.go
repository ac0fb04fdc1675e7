package process

import "strings"

// Canon joins the names under which hosts appear: a short name stands for a full name only when exactly one full name among
// names begins with it. The function it returns gives the longest form in lower case; for names among those given it allocates
// nothing.
func Canon(names []string) func(string) string {
	full := map[string]string{} // short name -> the only full name, "" for more than one
	for _, n := range names {
		n = clean(n)
		short, _, long := strings.Cut(n, ".")
		if !long || short == "" || address(n) {
			continue
		}
		if have, ok := full[short]; ok && have != n {
			n = ""
		}
		full[short] = n
	}
	canon := func(name string) string {
		name = clean(name)
		if long := full[name]; long != "" {
			return long
		}
		return name
	}
	given := make(map[string]string, len(names))
	for _, n := range names {
		given[n] = canon(n)
	}
	return func(name string) string {
		if c, ok := given[name]; ok {
			return c
		}
		return canon(name)
	}
}

func clean(name string) string {
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(name), "."))
}

// address tells IPv4 addresses, which have dots and are no full names.
func address(name string) bool { return strings.Trim(name, "0123456789.") == "" }
