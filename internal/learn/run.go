// Package learn derives an API profile from a recording of a browser's network
// traffic: the command "learn".
package learn

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// Steps tell the administrator what to record.
const Steps = `terraform-provider-twcloud learn [-o FILE] [-force] RECORDING.har

Learns how your server administers OAuth consumers from a recording of what your
browser does. To make the recording:

  0  Sign out. Open the developer tools of your browser (F12), tab Network. Turn
     on "Preserve log" (Firefox: "Persist Logs") and "Disable cache".
  1  Open the page, and sign in. Go to "OAuth consumers", so that the list is
     loaded. If the list has pages, go to the last one. If a consumer
     twcloud-learn or twcloud-learn-renamed is left from an earlier try, remove it.
  2  Register a consumer:   name    twcloud-learn
                            secret  twcloud-learn-secret-1
  3  Approve it, then disapprove it.
  4  Edit it in two saves, with an approval between them:
       change the name:     twcloud-learn-renamed
       approve the consumer again
       change the secret:   twcloud-learn-secret-2
     If the page wants both at once, save them together and approve afterwards.
  5  Remove it.
  6  Sign out. Save the recording as one HAR file, with sensitive data if you are
     asked.

Type the values exactly like this. Then run

  terraform-provider-twcloud learn -o profile.json RECORDING.har

The profile goes to FILE, which must not exist unless you add -force, or to
standard output. What was found goes to standard error. The recording - is
standard input. Exit status: 0 complete, 1 unreadable or nothing found, 2 wrong usage,
3 partial.

How you sign in is learned, too. If TWCLOUD_USERNAME and TWCLOUD_PASSWORD are set,
they are how learn recognizes what you have typed.

The recording holds your session, passwords, and the names of consumers. Delete
it when you are done. The profile holds none of them.
`

const usage = "Usage: terraform-provider-twcloud learn [-o FILE] [-force] RECORDING.har\n"

// Exit statuses.
const (
	complete = 0
	failed   = 1
	misused  = 2
	partial  = 3
)

// Run runs the command with what is after "learn" on the command line, and
// returns the exit status.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("learn", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	output := flags.String("o", "", "")
	force := flags.Bool("force", false, "")
	var names []string
	err := flags.Parse(args)
	for ; err == nil && flags.NArg() > 0; err = flags.Parse(flags.Args()[1:]) { // Flags can be after the name.
		names = append(names, flags.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp), len(args) == 0:
		if _, err := io.WriteString(stdout, Steps); err != nil {
			return say(stderr, fmt.Sprintf("learn: unable to write the steps to standard output: %v.\n", err), failed)
		}
		return complete
	case err != nil:
		return say(stderr, fmt.Sprintf("learn: %v.\n%s", err, usage), misused)
	case len(names) == 0:
		return say(stderr, "learn: name the recording.\n"+usage, misused)
	case len(names) > 1:
		return say(stderr, fmt.Sprintf("learn: name one recording, not %q.\n%s", names, usage), misused)
	case *output != "" && same(*output, names[0]):
		return say(stderr, fmt.Sprintf("learn: the profile would overwrite the recording %s: name another file.\n", names[0]), misused)
	}
	entries, err := read(names[0], stdin)
	if err != nil {
		return say(stderr, "learn: "+err.Error()+".\n", failed)
	}
	result := Learn(entries, Credentials{os.Getenv("TWCLOUD_USERNAME"), os.Getenv("TWCLOUD_PASSWORD")})
	if result.Profile == nil {
		return say(stderr, result.Findings, failed)
	}
	written, err := write(*output, result.Profile, *force, stdout)
	switch {
	case err != nil:
		return say(stderr, "learn: "+err.Error()+".\n", failed) // The findings say how to use the profile, and to delete the recording.
	case result.Complete:
		return say(stderr, result.Findings+written, complete)
	}
	return say(stderr, result.Findings+written, partial)
}

func say(to io.Writer, text string, status int) int {
	_, _ = io.WriteString(to, text)
	return status
}

// read reads the recording of a name, or standard input if that is - alone. The error
// names it.
func read(name string, stdin io.Reader) ([]har.Entry, error) {
	shown, recording := "standard input", stdin
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // The user names it.
		if err != nil {
			return nil, fmt.Errorf("unable to read the recording: %w", err)
		}
		defer func() { _ = file.Close() }() // It was only read.
		shown, recording = name, file
	}
	entries, err := har.Read(recording)
	if _, named := errors.AsType[*fs.PathError](err); named {
		return nil, fmt.Errorf("unable to read the recording: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("unable to read the recording %s: %w", shown, err)
	}
	return entries, nil
}

// write writes a profile to a file, or without a name, or as -, to standard output, and
// returns what to say about it. The error names the file.
func write(name string, content []byte, force bool, stdout io.Writer) (written string, err error) {
	if name == "" || name == "-" {
		if _, err := stdout.Write(content); err != nil {
			return "", fmt.Errorf("unable to write the profile to standard output: %w", err)
		}
		return "", nil
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(name, mode, 0o644) //nolint:gosec // A profile has nothing private, and is there to be shared.
	found, _ := os.Stat(name)
	switch {
	case err != nil && found != nil && found.IsDir():
		return "", fmt.Errorf("unable to write the profile: %s is a folder", name)
	case errors.Is(err, fs.ErrExist):
		return "", fmt.Errorf("the file %s exists: name another one, or overwrite it with -force", name)
	case err != nil:
		return "", fmt.Errorf("unable to write the profile: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("unable to write the profile: %w", err)
	}
	return fmt.Sprintf("The profile is in %s.\n", name), nil
}

func same(a, b string) bool {
	first, errFirst := os.Stat(a)
	second, errSecond := os.Stat(b)
	return errFirst == nil && errSecond == nil && os.SameFile(first, second)
}
