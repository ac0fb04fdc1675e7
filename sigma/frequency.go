package sigma

import "strings"

// usual are values that many records of Windows have, and the share that is thought to: what is found in them makes no good reason
// to look at a rule.
var usual = []struct {
	value string
	share float64
}{
	{`c:\windows\system32\svchost.exe -k netsvcs -p`, 0.1}, {`c:\windows\system32\svchost.exe`, 0.2}, {`c:\windows\system32\services.exe`, 0.1}, {`c:\windows\explorer.exe`, 0.1},
	{`c:\windows\system32\cmd.exe`, 0.15}, {`"c:\windows\system32\windowspowershell\v1.0\powershell.exe" -noprofile`, 0.05}, {`c:\windows\system32\windowspowershell\v1.0\powershell.exe`, 0.1},
	{`c:\windows\system32\conhost.exe`, 0.1}, {`c:\windows\system32\rundll32.exe`, 0.05}, {`c:\windows\system32\wbem\wmiprvse.exe`, 0.05}, {`c:\windows\syswow64\`, 0.05},
	{`c:\program files\internet explorer\iexplore.exe`, 0.05}, {`c:\program files (x86)\google\chrome\application\chrome.exe`, 0.05},
	{`c:\users\user\appdata\local\temp\a.tmp`, 0.1}, {`c:\users\user\downloads\a.zip`, 0.02}, {`c:\programdata\`, 0.05}, {`c:\windows\temp\`, 0.05}, {`\users\public\`, 0.03},
	{`c:\windows\system32\`, 0.3}, {"microsoft corporation", 0.8}, {"microsoft® windows® operating system", 0.6}, {"cmd.exe", 0.15}, {"powershell.exe", 0.1}, {"rundll32.exe", 0.05}, {"net.exe", 0.05},
	{`nt authority\system`, 0.4}, {"system", 0.4}, {"high", 0.2}, {"medium", 0.2}, {"s-1-5-18", 0.3}, {"s-1-16-16384", 0.3}, {"true", 0.5}, {"false", 0.5}, {"-", 0.3}, {"0", 0.3}, {"1", 0.3},
	{`hklm\software\microsoft\windows\currentversion\`, 0.2}, {`hklm\system\currentcontrolset\services\`, 0.2}, {"dword (0x00000000)", 0.2}, {"setvalue", 0.9},
	{"sha1=a,md5=a,sha256=a,imphash=a", 0.9},
}

// frequency guesses how often a value is one for which the predicate has to be looked at.
func (p *pred) frequency() float64 {
	switch {
	case direct(p):
		x := likely(p.lit)
		if p.op != opContains {
			x *= 0.3
		}
		for _, u := range usual {
			if p.test(u.value) {
				x += u.share
			}
		}
		return x
	case len(p.needs()) == 0:
		return 1
	}
	return often(p.needs())
}

// often guesses how often a value contains one of several texts.
func often(list []string) float64 {
	x := 0.0
	for _, s := range list {
		x += likely(s)
		for _, u := range usual {
			if strings.Contains(u.value, s) {
				x += u.share
			}
		}
	}
	return x
}

// worth tells how seldom one of several texts is found: 0 is always, and that none is known.
func worth(list []string) float64 {
	if len(list) == 0 {
		return 0
	}
	return max(0, 1-often(list))
}

// likely guesses how often a value contains a text by its letters. Most values are some hundred bytes long.
func likely(s string) float64 {
	x := 300.0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c == ' ', c == '\\':
			x *= 0.06
		case c >= '0' && c <= '9', c == '.', c == '-', c == '/', c == '"', c == ':':
			x *= 0.02
		default:
			x *= 0.001
		}
	}
	return min(x, 1)
}
