package winlog

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"reeve"
)

const sysmonName = "microsoft-windows-sysmon"

// category is one kind of record that a Sigma category means. The table follows the taxonomy appendix of the Sigma
// specification and the test configuration of its rules.
type category struct {
	name, provider string
	id             uint32
}

var categories = slices.Concat(
	of(sysmonName, map[string][]uint32{
		"process_creation": {1}, "file_change": {2}, "network_connection": {3}, "sysmon_status": {4, 16}, "process_termination": {5}, "driver_load": {6}, "image_load": {7},
		"create_remote_thread": {8}, "raw_access_thread": {9}, "process_access": {10}, "file_event": {11}, "registry_add": {12}, "registry_delete": {12}, "registry_set": {13},
		"registry_rename": {14}, "registry_event": {12, 13, 14}, "create_stream_hash": {15}, "pipe_created": {17, 18}, "wmi_event": {19, 20, 21}, "dns_query": {22},
		"file_delete": {23, 26}, "clipboard_capture": {24}, "clipboard_change": {24}, "process_tampering": {25}, "file_delete_detected": {26}, "file_block_executable": {27}, "file_block_shredding": {28},
		"file_executable_detected": {29}, "sysmon_error": {255},
	}),
	of("microsoft-windows-powershell", map[string][]uint32{"ps_module": {4103}, "ps_script": {4104}}),
	of("powershellcore", map[string][]uint32{"ps_module": {4103}, "ps_script": {4104}}),
	of("powershell", map[string][]uint32{"ps_classic_start": {400}, "ps_classic_provider_start": {600}, "ps_classic_script": {800}}),
	of("microsoft-windows-security-auditing", map[string][]uint32{"process_creation": {4688}, "process_termination": {4689}, "registry_set": {4657}, "registry_event": {4657}, "registry_add": {4657}, "registry_delete": {4657}}),
	of("microsoft-windows-windows defender", map[string][]uint32{"antivirus": {1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116}}),
)

func of(provider string, rows map[string][]uint32) []category {
	var out []category
	for name, ids := range rows {
		for _, id := range ids {
			out = append(out, category{name, provider, id})
		}
	}
	slices.SortFunc(out, func(a, b category) int {
		return cmp.Or(len(a.name)-len(b.name), strings.Compare(a.name, b.name), int(a.id)-int(b.id))
	})
	return out
}

var knownCategories = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, c := range categories {
		out[c.name] = true
	}
	return out
})

// categoriesOf gives the categories of a kind, for records that have no id: those of Sysmon's events of that kind.
func categoriesOf(kind reeve.Kind) (out []string) {
	if knownCategories()[string(kind)] {
		out = []string{string(kind)}
	}
	for i := range sysmon.meanings {
		if m := &sysmon.meanings[i]; m.kind == kind {
			for _, c := range categories {
				if c.provider == sysmonName && slices.Contains(m.ids, c.id) && !slices.Contains(out, c.name) {
					out = append(out, c.name)
				}
			}
		}
	}
	return out
}

// services maps a Sigma service to its channels in lower case, several divided by "|". Where the taxonomy spells a channel otherwise
// than Windows does, both are here.
var services = map[string]string{
	"security": "security", "system": "system", "application": "application", "sysmon": sysmonName + "/operational",
	"powershell": "microsoft-windows-powershell/operational|powershellcore/operational", "powershell-classic": "windows powershell",
	"taskscheduler": "microsoft-windows-taskscheduler/operational", "wmi": "microsoft-windows-wmi-activity/operational", "windefend": "microsoft-windows-windows defender/operational",
	"applocker":   "microsoft-windows-applocker/msi and script|microsoft-windows-applocker/exe and dll|microsoft-windows-applocker/packaged app-deployment|microsoft-windows-applocker/packaged app-execution",
	"bits-client": "microsoft-windows-bits-client/operational", "codeintegrity-operational": "microsoft-windows-codeintegrity/operational",
	"dns-server": "dns server", "dns-server-audit": "microsoft-windows-dns-server/audit|microsoft-windows-dnsserver/audit", "dns-server-analytic": "microsoft-windows-dns-server/analytical|microsoft-windows-dnsserver/analytical",
	"dns-client": "microsoft-windows-dns client events/operational|microsoft-windows-dns-client/operational", "dhcp": "microsoft-windows-dhcp-server/operational",
	"driver-framework": "microsoft-windows-driverframeworks-usermode/operational", "firewall-as": "microsoft-windows-windows firewall with advanced security/firewall",
	"ntlm": "microsoft-windows-ntlm/operational", "printservice-admin": "microsoft-windows-printservice/admin", "printservice-operational": "microsoft-windows-printservice/operational",
	"smbclient-security": "microsoft-windows-smbclient/security", "smbclient-connectivity": "microsoft-windows-smbclient/connectivity", "smbserver-connectivity": "microsoft-windows-smbserver/connectivity",
	"terminalservices-localsessionmanager": "microsoft-windows-terminalservices-localsessionmanager/operational", "security-mitigations": "microsoft-windows-security-mitigations/kernel mode|microsoft-windows-security-mitigations/user mode|microsoft-windows-security-mitigations/kernelmode|microsoft-windows-security-mitigations/usermode",
	"msexchange-management": "msexchange management", "ldap": "microsoft-windows-ldap-client/debug", "ldap_debug": "microsoft-windows-ldap-client/debug", "lsa-server": "microsoft-windows-lsa/operational",
	"openssh": "openssh/operational", "shell-core": "microsoft-windows-shell-core/operational", "appmodel-runtime": "microsoft-windows-appmodel-runtime/admin",
	"appxdeployment-server": "microsoft-windows-appxdeploymentserver/operational", "appxpackaging-om": "microsoft-windows-appxpackaging/operational", "capi2": "microsoft-windows-capi2/operational",
	"certificateservicesclient-lifecycle-system": "microsoft-windows-certificateservicesclient-lifecycle-system/operational", "diagnosis-scripted": "microsoft-windows-diagnosis-scripted/operational",
	"iis-configuration": "microsoft-iis-configuration/operational", "microsoft-servicebus-client": "microsoft-servicebus-client|microsoft-servicebus-client/admin|microsoft-servicebus-client/operational", "servicebus-client": "microsoft-servicebus-client|microsoft-servicebus-client/admin|microsoft-servicebus-client/operational",
	"bitlocker": "microsoft-windows-bitlocker/bitlocker management", "ntfs": "microsoft-windows-ntfs/operational", "sense": "microsoft-windows-sense/operational", "winrm": "microsoft-windows-winrm/operational",
	"vhdmp": "microsoft-windows-vhdmp/operational", "hyper-v-worker": "microsoft-windows-hyper-v-worker|microsoft-windows-hyper-v-worker-admin|microsoft-windows-hyper-v-worker-operational", "kernel-event-tracing": "microsoft-windows-kernel-eventtracing|microsoft-windows-kernel-eventtracing/admin|microsoft-windows-kernel-eventtracing/analytic",
	"kernel-shimengine": "microsoft-windows-kernel-shimengine/operational|microsoft-windows-kernel-shimengine/diagnostic", "application-experience": "microsoft-windows-application-experience/program-telemetry|microsoft-windows-application-experience/program-compatibility-assistant",
}

// serviceList gives the services an order.
var serviceList = func() []string {
	out := make([]string, 0, len(services))
	for s := range services {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}()
