package redact

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

// The secrets are put together at run time: this file must not hold one itself.
func awsKey() string    { return "AKIA" + "Z7QK3WVN5TLR2XPD" }
func githubKey() string { return "ghp_" + "9fK2mQ7xWc4Lr8Tn1Vb6Zp3Hs5Jd0YgAeRuX" }

const ownKey = "s3cr3t/Value+of-This=Machine"

func TestRedact(t *testing.T) {
	t.Parallel()
	r := New([]string{
		"VENDOR_API_KEY=" + ownKey, "DATABASE=postgres://app:h1dden-pass@db/x", "HOME=/home/somebody1", "SSH_AUTH_SOCK=/run/agent.1234",
		"DB_PASSWORD=password", "API_KEY_FILE=/etc/keys/vendor-key-1", "EMPTY_TOKEN=",
	})
	for name, c := range map[string]struct{ text, secret, rule string }{
		"cloud key":         {"key = \"" + awsKey() + "\"\n", awsKey(), "aws-access-token"},
		"forge key, twice":  {githubKey() + "\nand again " + githubKey() + "\n", githubKey(), "github-pat"},
		"in base64":         {"data: " + base64.StdEncoding.EncodeToString([]byte("token = \""+githubKey()+"\"")) + "\n", base64.StdEncoding.EncodeToString([]byte("token = \"" + githubKey() + "\"")), "github-pat"},
		"environment":       {"export X=" + ownKey + " # mine", ownKey, EnvironmentRule},
		"environment, b64":  {base64.StdEncoding.EncodeToString([]byte(ownKey)), base64.StdEncoding.EncodeToString([]byte(ownKey)), EnvironmentRule},
		"environment, hex":  {hex.EncodeToString([]byte(ownKey)), hex.EncodeToString([]byte(ownKey)), EnvironmentRule},
		"environment, URL":  {"https://x/?k=" + url.QueryEscape(ownKey), url.QueryEscape(ownKey), EnvironmentRule},
		"password of a URL": {"connect with h1dden-pass", "h1dden-pass", EnvironmentRule},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := r.Redact(c.text)
			if strings.Contains(got, c.secret) || !strings.Contains(got, "[redacted "+c.rule+"]") {
				t.Errorf("%q became %q", c.text, got)
			}
			if again := r.Redact(got); again != got {
				t.Errorf("a second time: %q, then %q", got, again)
			}
			leaks := r.Find(c.text)
			if len(leaks) == 0 || leaks[0].Rule != c.rule || leaks[0].Line != 1 {
				t.Errorf("found %+v", leaks)
			}
			if left := r.Find(got); len(left) > 0 {
				t.Errorf("still there: %+v", left)
			}
		})
	}
}

func TestRedactLeavesAlone(t *testing.T) {
	t.Parallel()
	r := New([]string{"DB_PASSWORD=password", "HOME=/home/somebody1", "SSH_AUTH_SOCK=/run/agent.1234", "API_KEY_FILE=/etc/keys/vendor-key-1", "PWD=/srv/work1"})
	for _, text := range []string{
		"", "a password field, at least 8 characters", "see /etc/keys/vendor-key-1 and /run/agent.1234", "key = os.environ[\"API_KEY\"]",
		"/home/somebody1", "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	} {
		if got := r.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestFindNamesThePlace(t *testing.T) {
	t.Parallel()
	leaks := New([]string{"A_TOKEN=" + ownKey}).Find("one\ntwo " + ownKey + "\nthree\nkey = \"" + awsKey() + "\"\n")
	if len(leaks) != 2 || leaks[0].Line != 2 || leaks[0].Column != 5 || leaks[1].Line != 4 {
		t.Errorf("found %+v", leaks)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("plain")
	f.Add("x " + ownKey + ownKey[:9])
	f.Add(base64.StdEncoding.EncodeToString([]byte(ownKey)))
	f.Add("\xff\x00" + ownKey)
	r := New([]string{"A_TOKEN=" + ownKey})
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(r.Redact(text), ownKey) {
			t.Errorf("the key is still in %q", text)
		}
	})
}
