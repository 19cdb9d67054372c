package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func TestResolveConfig_apiProfile(t *testing.T) {
	t.Parallel()

	holds := func(path string) func(*testing.T, twcloud.Options) {
		return func(t *testing.T, o twcloud.Options) {
			if got := o.Profile.Calls.List.Path; got != path {
				t.Errorf("the profile lists at %q, want %q", got, path)
			}
		}
	}
	const valid = `{"profile":2,"server":"rest","approved":{"yes":[true],"no":[false]},"calls":{"list":{"method":"GET","path":"/x","response":{"key":"/k","name":"/n","approved":"/a"},"pages":{"by":"none"}}}}`
	files := map[string]string{"profile.json": "\ufeff" + valid, "empty.json": " \n", "wrong.json": "{\n\"profile\": 3}"}
	runConfigCases(t, map[string]configCase{
		"nothing given": {alone: true, errors: []string{"endpoint: TWCLOUD_ENDPOINT", "username: Missing credentials"}},
		"in the block":  {block: block{"api_profile_file": "profile.json"}, files: files, check: holds("/x")},
		"in the environment": {
			environment: map[string]string{"TWCLOUD_API_PROFILE_FILE": "profile.json"}, files: files, check: holds("/x"),
		},
		"no such file": {block: block{"api_profile_file": "no.json"}, errors: []string{`api_profile_file: The file "no.json" (api_profile_file) cannot be read: file does not exist`}},
		"empty":        {block: block{"api_profile_file": "empty.json"}, files: files, errors: []string{`api_profile_file: The file "empty.json" (api_profile_file) is empty`}},
		"mistakes": {
			block: block{"api_profile_file": "wrong.json"}, files: files, errors: []string{
				`api_profile_file: The file "wrong.json" (api_profile_file) is not a valid API profile: line 2, column 1 (/profile): this provider reads profiles of format 2`,
			},
		},
		"JSON": {block: block{"api_profile_file": `{"a":1}`}, errors: []string{"api_profile_file: must be the path of a file"}},
	})
}

func TestResolveConfig_builtInProfile(t *testing.T) {
	t.Parallel()
	const platform = "https://twcloud.example.com:8443"
	named := func(name string) func(*testing.T, twcloud.Options) {
		return func(t *testing.T, o twcloud.Options) {
			if o.Profile != twcloud.BuiltInProfile(name) {
				t.Errorf("the profile is %q", o.Profile.Description)
			}
		}
	}
	files := map[string]string{"own.json": webAppProfile(t)}
	runConfigCases(t, map[string]configCase{
		"default": {check: named("rest-api")},
		"address alone": {
			alone: true, block: block{"webapp_endpoint": platform, "api_profile": "self-registration"}, check: named("self-registration"),
		},
		"environment alone": {
			alone:       true,
			environment: map[string]string{"TWCLOUD_API_PROFILE": "self-registration", "TWCLOUD_WEBAPP_ENDPOINT": platform},
			check:       named("self-registration"),
		},
		"with a session for other things": {block: block{"api_profile": "self-registration"}, check: named("self-registration")},
		"no address": {
			alone: true, block: block{"api_profile": "self-registration"}, errors: []string{"webapp_endpoint: TWCLOUD_WEBAPP_ENDPOINT"},
		},
		"address of the REST API alone": {
			alone: true, block: block{"endpoint": "https://twcloud.example.com:8111", "api_profile": "self-registration"}, check: named("self-registration"),
		},
		"half of the credentials": {
			alone: true, block: block{"webapp_endpoint": platform, "api_profile": "self-registration", "username": "u"}, errors: []string{": Incomplete credentials"},
		},
		"plain HTTP": {
			alone: true, block: block{"webapp_endpoint": "http://twcloud.example.com", "api_profile": "self-registration"},
			errors: []string{"webapp_endpoint: Plain HTTP"},
		},
		"the assumed one needs more": {
			alone: true, block: block{"webapp_endpoint": platform, "api_profile": "rest-api"},
			errors: []string{"endpoint: Missing endpoint", "username: Missing credentials"},
		},
		"another way": {
			alone: true, block: block{"webapp_endpoint": platform},
			errors: []string{`endpoint: api_profile = "self-registration"`, "username: TWCLOUD_API_PROFILE=self-registration"},
		},
		"no such name": {block: block{"api_profile": "assumed"}, errors: []string{`api_profile: must be "rest-api" or "self-registration", but is "assumed"`}},
		"two": {
			block: block{"api_profile": "rest-api", "api_profile_file": "own.json"}, files: files,
			errors: []string{"api_profile_file: Conflicting api_profile and api_profile_file"},
		},
		"the block wins": {
			block: block{"api_profile": "self-registration"}, environment: map[string]string{"TWCLOUD_API_PROFILE_FILE": "own.json"},
			check: named("self-registration"),
		},
		"a file in the block wins": {
			block: block{"api_profile_file": "own.json"}, files: files, environment: map[string]string{"TWCLOUD_API_PROFILE": "self-registration"},
			check: func(t *testing.T, o twcloud.Options) {
				if o.Profile.Server != "webapp" {
					t.Errorf("the profile is %q", o.Profile.Description)
				}
			},
		},
		"name not known yet": {
			alone: true, block: block{"webapp_endpoint": platform, "api_profile": types.StringUnknown()}, unknown: []string{"api_profile"},
		},
	})
}

// Validation knows the provider block alone. runConfigCases shows that it reports
// nothing that would not be reported later.
func TestValidateConfig(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	for name, c := range map[string]struct {
		block  block
		errors []string
	}{
		"nothing given": {block{}, nil},
		"what the environment may complete": {
			block{"username": "alice", "client_certificate_pem": pki.certificate}, nil,
		},
		"plain HTTP that the environment may allow": {block{"endpoint": "http://twcloud.example.com"}, nil},
		"plain HTTP that is not allowed": {
			block{"endpoint": "http://twcloud.example.com", "allow_plain_http": false}, []string{"endpoint: Plain HTTP"},
		},
		"warnings come later":    {block{"insecure_skip_verify": true}, nil},
		"another's key":          {block{"client_certificate_pem": pki.certificate, "client_key_pem": pki.otherKey}, []string{": cannot be used with client_certificate_pem"}},
		"PEM as path":            {block{"client_key_file": canaryKey + pki.key}, []string{"client_key_file: must be the path"}},
		"files are read later":   {block{"ca_certificate_file": "no-such.pem", "api_profile_file": "no-such.json"}, nil},
		"unknown values":         {block{"endpoint": types.StringUnknown(), "token": types.StringUnknown(), "username": "alice"}, nil},
		"unknown, and an error":  {block{"endpoint": types.StringUnknown(), "max_retries": 21}, []string{"max_retries: from 0"}},
		"token and user unknown": {block{"token": canaryToken, "username": types.StringUnknown()}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := validateConfig(c.block.model(nil))
			checkDiagnostics(t, "diagnostic", diagnostics, c.errors)
			checkNoCanary(t, diagnostics)
		})
	}
}

func TestResolveConfig_unknown(t *testing.T) {
	t.Parallel()

	unknownText := types.StringUnknown()
	all, every, wrong := block{}, []string{}, map[string]string{}
	for _, a := range configAttributes {
		all[a.name] = map[attributeKind]attr.Value{
			textAttribute: unknownText, boolAttribute: types.BoolUnknown(), numberAttribute: types.Int64Unknown(),
		}[a.kind]
		every = append(every, a.name)
		wrong[environmentVariable(a.name)] = " :wrong "
	}

	runConfigCases(t, map[string]configCase{
		// The environment must not replace any: it is wrong, which would be reported.
		"all": {
			block: all, environment: wrong, unknown: every,
		},
		"an unknown endpoint hides no other error": {
			block: block{"endpoint": unknownText, "max_retries": -1}, errors: []string{"max_retries: from 0"}, unknown: []string{"endpoint"},
		},
		"an unknown token may still be null": {block: block{"token": unknownText}, unknown: []string{"token"}},
		"an unknown password, and a user name that can be checked": {
			block: block{"username": "al:ice", "password": unknownText}, errors: []string{"username: colon"}, unknown: []string{"password"},
		},
		"an unknown token alone, and a user in the environment": {
			alone: true, block: block{"endpoint": "https://twcloud.example.com", "token": unknownText},
			environment: map[string]string{"TWCLOUD_USERNAME": "wrong:", "TWCLOUD_TOKEN": " " + canaryToken},
			unknown:     []string{"token"},
		},
		"plain HTTP is not refused while it may still be allowed": {
			block:   block{"endpoint": "http://twcloud.example.com", "allow_plain_http": types.BoolUnknown()},
			unknown: []string{"allow_plain_http"},
		},
		"a certificate whose key is unknown": {
			block:   block{"client_certificate_file": "client.pem", "client_key_pem": unknownText},
			files:   map[string]string{"client.pem": newTestPKI(t).certificate},
			unknown: []string{"client_key_pem"},
		},
		"an unknown file is no conflict": {
			block:   block{"ca_certificate_file": unknownText, "ca_certificate_pem": newTestPKI(t).ca},
			unknown: []string{"ca_certificate_file"},
		},
	})
}
