package egress

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestCleanRules(t *testing.T) {
	t.Parallel()
	r, err := Rules{
		Hosts: []string{"B.example.", "a.example", ".Sub.Example", "bücher.example", "a.example"}, Plain: []string{"M.example:80", "[::1]:80"}, Private: []string{"10.0.0.1:80"},
	}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{".sub.example", "a.example", "b.example", "xn--bcher-kva.example"}; !slices.Equal(r.Hosts, want) {
		t.Errorf("hosts %v, want %v", r.Hosts, want)
	}
	if r.Bytes <= 0 || r.Connections <= 0 || r.Time <= 0 {
		t.Errorf("limits: %+v", r)
	}
	for _, bad := range []Rules{
		{Hosts: []string{""}},
		{Hosts: []string{".com"}},
		{Hosts: []string{"*.example"}},
		{Hosts: []string{"1.2.3.4"}},
		{Hosts: []string{"::1"}},
		{Hosts: []string{"a b"}},
		{Hosts: []string{"a/b"}},
		{Hosts: []string{"a:443"}},
		{Hosts: []string{"127.1"}},
		{Plain: []string{"a.example"}},
		{Plain: []string{"a.example:0"}},
		{Private: []string{":80"}},
	} {
		if r, err := bad.Clean(); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%+v is accepted as %+v", bad, r)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "192.1.0.1", "2606:4700::1", "172.32.0.1", "100.128.0.1"} {
		if !public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:8.8.8.8%1", "64:ff9b::a00:1", "64:ff9b:1::1",
		"2001:0:1::1", "2002:a00:1::1", "2001:db8::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1",
	} {
		addr, err := netip.ParseAddr(a)
		if err == nil && public(addr) {
			t.Errorf("%s is public", a)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// FuzzName holds that a name that is accepted is in its plain form, cannot be read as an address, and stays what it is.
func FuzzName(f *testing.F) {
	for _, s := range []string{"registry.example", "EXAMPLE.", "0x7f.1", "a..b", "bücher.example", "\u3002", "xn--a", "[::1]", "1.2.3.4."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := cleanName(s)
		if err != nil {
			return
		}
		if again, err := cleanName(name); err != nil || again != name {
			t.Errorf("%q is %q, which is %q, %v", s, name, again, err)
		}
		if _, err := netip.ParseAddr(name); err == nil || bytes.ContainsAny([]byte(name), "/:@ %\\\x00") {
			t.Errorf("%q is taken for the name %q", s, name)
		}
	})
}

// FuzzGreeting holds that hostile bytes neither break the reader nor are kept beyond the bound.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 3})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		heard, _, err := greeting(t.Context(), bytes.NewReader(b))
		if err == nil && (len(heard) > maxHead || !bytes.HasPrefix(b, heard)) {
			t.Errorf("%d bytes were heard of %d", len(heard), len(b))
		}
	})
}
