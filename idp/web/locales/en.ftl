# What Préau says in English. French (fr.ftl) is the reference: both files have the same keys.

## Every page

skip = Skip to content
language-switch = English
help = Help
charte-link = Charter of use
charte-version = Version { $version }
accessibility-link = Accessibility: partially compliant
error-prefix = Error:

## Who are you?

choose-title = Who are you?
choose-purpose = Choose your profile to enter { $workspace }.
choose-purpose-service = Choose your profile to open { $service }.
public-staff = Teacher or staff
public-staff-hint = Teachers, heads, school life, administration, academy, local authority
public-pupil = Pupil
public-pupil-hint = From primary school to lycée
public-guardian = Parent or guardian
public-guardian-hint = Parents and anyone responsible for a pupil
public-guest = Guest
public-guest-hint = Pupils and teachers of another workspace, partners and visitors

## Login and password

password-title = Sign in
password-purpose = Enter { $workspace } with your login and password.
password-purpose-service = Sign in to open { $service }.
password-as = Profile:
password-back = Change profile
password-required = Both fields are required.
password-login = Login
password-login-hint-staff = The same as for your academic mailbox.
password-login-hint-pupil = The one your school gave you.
password-login-hint-guardian = The one your child’s school gave you.
password-login-hint-guest = The one in your invitation.
password-password = Password
password-show = Show the password
password-submit = Sign in
password-help = Get help
password-forgotten = Forgotten your password?
problem-heading = You are not signed in.
problem-credentials = The login or the password is not right. Check capital letters and the profile you chose, then try again. If they were right until now, your account may be suspended: ask your school whether the directory still names you.
problem-wait = { $count ->
    [one] Too many attempts in a row: wait one second, then try again.
   *[other] Too many attempts in a row: wait { $count } seconds, then try again.
}
problem-wait-minutes = Too many attempts: wait { $count } minutes, then try again. Your account is not locked.
problem-directory = The directory that checks your password does not answer. Try again in a few minutes: this attempt does not count.
problem-empty = Enter your login and your password.

## Signing in elsewhere

elsewhere-title = Sign in
elsewhere-purpose = To enter { $workspace }, you sign in on another site and come back here.
elsewhere-purpose-service = To open { $service }, you sign in on another site and come back here.
elsewhere-go = Continue with { $provider }
elsewhere-or = Other ways to sign in
account-title = Which account do you want to open?
account-purpose = Several accounts of { $workspace } are yours. You can change by signing in again.
account-nowhere = Belongs to no school
signed-out-elsewhere = You may still be signed in to { $provider }.
signed-out-elsewhere-go = Sign out of { $provider } too

## Home

home-title = Home
home-greeting = Hello { $name }
home-establishment = School
home-switch = Change
child-acting-for = You act for
child-all = All your children
child-only = You act for { $name }.
child-switch = of child
sign-out = Sign out
search-label = Find a service
search-submit = Find
search-found-one = 1 service found
search-found-many = { $count } services found
search-none = No service matches this search.
search-none-typed = None of your services matches. Send the search: the page says why a service is not here.
search-all = See all my services
favourites-title = Favourites
favourites-full = You have 24 favourites, which is all there is room for: remove one to add another.
favourite-add = Add { $service } to favourites
favourite-remove = Remove { $service } from favourites
recent-title = Opened recently
missing-title = Why don’t I see this service?
missing-advice = If you think this is a mistake, ask your school.
missing-hint = Is a service missing? Search for its name: the page says why it is not open to you.
category-communication = Communication and collaboration
category-production = Teaching and learning
category-school-life = School life
category-information = Information and documentation
category-utilities = Utilities
home-nowhere-title = Your account belongs to no school yet
home-nowhere-text = This is common in September or after a transfer. As soon as your school has enrolled you, your services will appear here: there is nothing more for you to do.
home-empty-title = No service in this school yet
home-empty-text = Nothing is open to you here for the moment. If you expect a service, ask your school.
profile-teacher = { $title ->
    [Mme] Teacher
   *[other] Teacher
}
profile-head = Head of school
profile-school-life = School life
profile-school-staff = Administrative or technical staff
profile-librarian = Librarian
profile-academy = Academic authority
profile-local-authority = Local authority
profile-pupil = Pupil
profile-guardian = Parent or guardian
profile-guest = { $title ->
    [Mme] Guest
   *[other] Guest
}

## Instants

day = { $day } { $month ->
    [m01] January
    [m02] February
    [m03] March
    [m04] April
    [m05] May
    [m06] June
    [m07] July
    [m08] August
    [m09] September
    [m10] October
    [m11] November
   *[m12] December
} { $year }
moment = { day } at { $hour }:{ $minute }

## The bench

bench-title = Editor’s bench
bench-purpose = What an application would receive, of people who do not exist. Nothing opens here: no session, no ticket, no token.
bench-services = Choose a service
bench-none = No service is mounted.
bench-all = All services
bench-person = Synthetic person
bench-look = Look
bench-door = At its door
bench-open = The service opens.
bench-shut = The service does not open.
bench-opens = This, word for word, is what would be written to it.
bench-unsound = Its release rules give nothing that can be used: { $what }.
bench-refused = Latest refused request
bench-refused-at = On { $when }, universal time:
bench-refused-none = None within an hour.
bench-copy = Configurations to copy
bench-copy-text = Secrets are not in them: they are in a file the operator hands you.
bench-asked = Its parameters
bench-asked-text = What could be secret is replaced by as many letters.
bench-replay = Replay this request
bench-replay-good = Today it would pass.
bench-replay-good-text = Its parameters are good; nothing was opened or sent.
bench-replay-partly = Nothing else is wrong with it.
bench-replay-partly-text = Secrets, codes and tokens were not kept: those are judged when the application asks again.
bench-replay-bad = It would be refused again.
bench-wrong-parameter = Parameter at fault
bench-wrong-received = Value received
bench-wrong-nothing = (nothing)
bench-wrong-expected = Expected
bench-person-teacher = Teacher, in two schools
bench-person-head = Head of a school
bench-person-school-life = School life
bench-person-librarian = Librarian
bench-person-pupil = Pupil of the first year of collège
bench-person-guardian = Guardian of a pupil
bench-person-teacher-guardian = Teacher here, guardian elsewhere
bench-person-local-authority = Agent of a local authority
bench-person-guest = Guest

## Sandboxes

sandbox-new = Try your application
sandbox-new-text = A sandbox goes the whole way, from the sign-on request to the attributes, with a synthetic person chosen on the screen. It opens nothing else, nobody real gets in, and it disappears by itself after seven days.
sandbox-name = Name of the application
sandbox-protocol = Protocol
sandbox-addresses = Redirect addresses
sandbox-addresses-hint = One a line, five at most. OpenID Connect: the exact address; CAS: that of the service. By https, or by http on localhost.
sandbox-public = Without a secret: a page or a mobile application
sandbox-rsa = Tokens signed by RS256 (PHP)
sandbox-register = Create the sandbox
sandbox-problem-name = Give a name of one line, of 60 characters at most.
sandbox-problem-address = This address does not do: { $what }.
sandbox-problem-full = All sandboxes are taken. The oldest expires within the week; the operator can free one.
sandbox-title = Sandbox “{ $name }”
sandbox-purpose = Connect your application with these values, begin a sign-on there, choose a synthetic person.
sandbox-until = It disappears on { $when }, universal time.
sandbox-secret = Secret
sandbox-secret-once = Write it down: it is not shown again.
sandbox-settings = What to configure
sandbox-issuer = Issuer
sandbox-client = client_id
sandbox-authentication = Authentication at the token endpoint
sandbox-redirect = redirect_uri
sandbox-scopes = scope
sandbox-signing = Signature of ID tokens
sandbox-cas = CAS server
sandbox-service = Addresses accepted, from
sandbox-keep = Keep the address of this page, no list gives it:
sandbox-copy-text = The values of this sandbox are in them; the secret goes where the text says.
sandbox-who = Who is signing in?
sandbox-who-lead = Sandbox “{ $name }”: choose a synthetic person. You will then leave for { $to }.
sandbox-told = This request is refused
sandbox-told-lead = This is what the sandbox “{ $name }” would answer the application, and why.
sandbox-told-answer = The application would learn it at its redirect address:
sandbox-told-go = Go there
sandbox-told-nowhere = The application would learn nothing: without a certain address, nothing is sent.
sandbox-back = Back to the sandbox

## Goodbye

signed-out-title = See you soon
signed-out = { $count ->
    [0] Your session is over: everything is closed.
    [one] Your session is over: everything is closed, and the service you had opened has been told.
   *[other] Your session is over: everything is closed, and the { $count } services you had opened have been told.
}
signed-out-here = { $count ->
    [0] Your session here has ended.
    [one] Your session here has ended, and the service that you had opened is told.
   *[other] Your session here has ended, and the { $count } services that you had opened are told.
}
signed-out-silent = Your session is over, but { $service } has not answered yet: close your browser, we go on telling it.
signed-out-silent-some = Your session is over, but these services have not answered yet: { $services }. Close your browser, we go on telling them.
signed-out-silent-many = Your session is over, but { $count } services have not answered yet: close your browser, we go on telling them.
signed-out-refused = Your session is over here, but { $service } did not close its own: leave it as well, or close your browser.
signed-out-refused-some = Your session is over here, but these services did not close their own: { $services }. Leave them as well, or close your browser.
signed-out-refused-many = Your session is over here, but { $count } services did not close their own: leave them as well, or close your browser.
signed-out-open-some = Your session is over here, but these services may still be open: { $services }. Leave them as well, or close your browser.
signed-out-open-many = Your session is over here, but { $count } services may still be open: leave them as well, or close your browser.
signed-out-deaf = Your session is over here, but { $service } cannot be closed from here: leave it as well, or close your browser.
signed-out-deaf-some = Your session is over here, but these services cannot be closed from here: { $services }. Leave them as well, or close your browser.
signed-out-deaf-many = Your session is over here, but { $count } services cannot be closed from here: leave them as well, or close your browser.
signed-out-unsure = Your session is over here, but { $service }, which your browser alone tells, does not say whether it closed its own: leave it as well, or close your browser.
signed-out-unsure-some = Your session is over here, but these services, which your browser alone tells, do not say whether they closed their own: { $services }. Leave them as well, or close your browser.
signed-out-unsure-many = Your session is over here, but { $count } services, which your browser alone tells, do not say whether they closed their own: leave them as well, or close your browser.
signed-out-unconfirmed = Your session is over here, but a service did not confirm that it closed its own: leave it as well.
signed-out-round = A service still has to be told.
signed-out-shared = On a shared computer, close the browser as well.
signed-out-again = Sign in again

## What went wrong

fault-incident = Incident number, to quote if you ask for help:
fault-home = Back to home
fault-help = Ask for help
fault-bad-request-title = We cannot make sense of this request
fault-bad-request-text = The link you followed is incomplete or damaged. Go back to home and open the service from its tile.
fault-unknown-service-title = This service is not registered here
fault-unknown-service-text = The address that sent you is none of this workspace’s services: to be safe, nothing was passed on to it. Open the service from home.
fault-refused-title = { $service } does not open for you
fault-refused-title-plain = This service does not open for you
fault-refused-text = The access rules of this service do not let us open it for you.
fault-refused-advice = If you think this is a mistake, give the number below to your school: it is all they need to find out.
fault-not-found-title = This page does not exist
fault-not-found-text = The address may be mistyped, or the page was removed. Go back to home.
fault-stale-form-title = This form is no longer valid
fault-stale-form-text = It was used already, or opened in another session. Go back to home and start again: nothing was recorded.
fault-sign-in-expired-title = This sign-in has expired
fault-sign-in-expired-text = It took too long, ended in another tab, or your browser refuses cookies. Go back to home and start again.
fault-directory-down-title = The directory does not answer
fault-directory-down-text = We cannot check your password for the moment. Try again in a few minutes: this attempt does not count, and sessions already open go on.
fault-busy-title = Many people at once
fault-busy-text = Too many people are signing in at this instant. Wait a few seconds, then try again.
fault-storage-down-title = The service is unavailable for a moment
fault-storage-down-text = Part of our installation does not answer. Try again in a few minutes: nothing is lost.
fault-no-account-title = Your account is not ready yet
fault-no-account-text = Your password is right, but your account has not been created here yet. It will be at the next update of the directory: try again tomorrow, or tell your school.
fault-account-not-found-title = No account here is yours
fault-account-not-found-text = You did sign in there, but no active account of this workspace is yours, and none was created. Give the number below to your school, which will check your enrolment.
fault-account-suspended-title = Your account is suspended
fault-account-suspended-text = You did sign in, but your account is stopped here: the directory does not name you in any school any more, or one of them asked for it. If you are enrolled or work there, give the number below to your school: as soon as the directory names you again, your account and your services are back. If not, what we know of you is deleted within three months.
fault-guest-over-title = Your invitation is not open
fault-guest-over-text = It is over, suspended, or has not begun yet. Nothing is wrong: ask your teacher. Your account in your own school is as it was.
fault-class-card-title = Not with a class card
fault-class-card-text = This page does not open with a class card, or the lesson is over. To open it, leave the session of the card and sign in another way.
fault-service-down-title = This service is unavailable for the moment
fault-service-down-text = We cannot open it for you just now. Try again later; the other services stay open.
fault-provider-down-title = The site where you sign in does not answer
fault-provider-down-text = We cannot send you there, or it does not answer us. Try again in a few minutes; sessions already open go on.
fault-provider-refused-title = You were not signed in
fault-provider-refused-text = The site where you sign in said no, or you gave up. Go back to home to start again.
fault-provider-not-believed-title = We could not tell who you are
fault-provider-not-believed-text = The answer of the site where you sign in is not the one we expected: to be safe, nothing was opened. Go back to home and start again; if it happens again, give the number below.
fault-provider-session-stays-title = Your session may still be open elsewhere
fault-provider-session-stays-text = You are signed out here. The site where you signed in says that your session there did not end altogether: close the browser if you share it.
fault-wrong-host-title = This is not our address
fault-wrong-host-text = You came here by an address that is not ours. Use the link below.
fault-method-not-allowed-title = This page does not open this way
fault-method-not-allowed-text = It expects a form that your browser did not send. Go back to home and start again.
fault-too-large-title = This request is too long
fault-too-large-text = The address or the form is larger than we accept. Go back to home and start again with less text.
fault-internal-title = A mistake on our side
fault-internal-text = Something went wrong and it is not your fault. The incident is recorded: try again, and quote its number if it happens again.

## Why a service refuses

refusal-service-unknown = This service is no longer offered here, or not yet.
refusal-suspended = Your account is suspended. Your school can restore it.
refusal-no-affiliation = Your account belongs to no school at the moment, and this service is for people of a school.
refusal-excepted = This service was closed to a group of people that includes you.
refusal-guest = This service is not open to guests.
refusal-space = The spaces you are invited to do not use this service.
refusal-legal-weight = This service is for the legal representatives of a pupil, and your link to the pupil is not recorded as such.
refusal-profile = This service is meant for other profiles than yours.
refusal-establishment = This service is not open in your school.
refusal-level = This service is meant for another level than yours.
refusal-class-or-group = This service is meant for other classes or groups than yours.
refusal-subject-or-function = This service is meant for other subjects or functions than yours.
refusal-account = This service is open only to a few people named one by one, and you are not on the list.
refusal-time = This service is not open for you at this time.
refusal-time-when = For you, this service is open { $when }, by the clock of your establishment. It is not that time yet, or it is over.
refusal-narrowed = A rule of your school, of the academy or of the country keeps this service for others.
refusal-second-key = The head of your establishment has not opened this service, or opened it for others.
refusal-sheet-changed = What this service receives has changed: it stays closed until the head of your establishment says yes again.
refusal-class-card = This service does not open with a class card.
refusal-visitor = You would look at it as a visitor, and this service does not ask for what would let it tell you from others: it stays closed during your inspection.
refusal-two-factors = This service asks for a second factor, and your account has none that will do: add a passkey in “My account”, then open the service again.
refusal-no-audience = This service is open to nobody yet.
refusal-policy-error = The access rules of this service could not be read: to be safe, it stays closed.

## Help

help-password-title = I cannot sign in
help-password-text = First choose the profile that is yours, then type the login your school gave you. After several attempts you have to wait a little between two: your account is not blocked. If the password is lost, follow “Forgotten your password?”: the page says how it is replaced.
help-missing-title = A service is not on my home page
help-missing-text = The home page shows what is open to you in the school you chose. Search for the service by its name: the page says why it is not open to you.
help-favourites-title = Finding a service faster
help-favourites-text = The star of a tile puts it among your favourites, at the top of the page. The services you opened last are there too. Favourites and latest services belong to each school, and nobody else sees them.
help-child-title = I have several children
help-child-text = Choose for which child you act: the services of that child’s school and class appear, and it is for that child that you enter them.
help-shared-title = On a shared computer
help-shared-text = Sign out here: the services you opened are told. Then close the browser.
help-incident-title = A page shows an incident number
help-incident-text = Give this number to your school or to the help desk: it is enough to find what happened, without your having to tell it.

## Accessibility

accessibility-title = Accessibility statement
accessibility-commitment = { $workspace } must be of use to everyone, as article 47 of the French law 2005-102 of 11 February 2005 requires. This page is about signing in, the home page and the pages of this portal; each service opened from a tile has its own statement.
accessibility-state-title = State of compliance
accessibility-state = { $workspace } is partially compliant with the French accessibility reference (RGAA 4.1), for the reason given below.
accessibility-results-title = Results of the tests
accessibility-results = An internal evaluation, made by the team that writes Préau and not by a third party, meets 54 of the 55 criteria of RGAA 4.1 that apply, which is 98%; 51 criteria have no object. It is about the software as it is delivered.
accessibility-not-title = What is not compliant
accessibility-not = Signing in, the home page and signing out were tried with one screen reader, Orca in Chromium, and not with those of the reference base of the RGAA (NVDA, JAWS, VoiceOver): criterion 7.1, which wants each script to be compatible with assistive technologies, is therefore counted as not met. The scripts in question show the password and filter the tiles; without them the password stays hidden and the server does the search.
accessibility-method-title = How this statement was made
accessibility-method = This statement was made on 28 November 2026. Pages examined: choice of profile, password and its errors, signing in on another site, choice of account, home, refusal and other errors, signing out, connecting a device, and this page; in both languages, light and dark. Technologies: HTML, CSS, SVG, JavaScript. Tools: Chromium, axe-core, the keyboard alone, text enlarged to 200%, a window of 320 pixels, without styles and without JavaScript.
accessibility-done-title = What is done
accessibility-done-keyboard = Every page can be used with the keyboard, with a visible focus and a link straight to the content.
accessibility-done-script = No page needs JavaScript.
accessibility-done-contrast = Texts have strong contrast, light or dark, and animations stop if your device asks for it.
accessibility-done-small = Pages fit a screen 320 pixels wide and can be read enlarged to 400%.
accessibility-done-forms = Every field has its label, and every error says what to correct.
accessibility-limits-title = What is not in our hands
accessibility-limits = Names and descriptions of services come from their publishers or from your school, and their drawings are decorative.
accessibility-contact-title = Report a difficulty
accessibility-contact = If a page stops you, tell your school or the support of your workspace: they owe you an answer and another way to what you are looking for.
accessibility-recourse-title = Recourse
accessibility-recourse = Without a satisfying answer you can turn to the French Defender of Rights: at defenseurdesdroits.fr, through the delegate in your département, or by free mail, without a stamp, to Défenseur des droits, Libre réponse 71120, 75342 Paris CEDEX 07, France.

posting-title = Opening the service
posting-text = Your service is opening. If it does not open by itself:
posting-back-title = Coming back
posting-back-text = You are on your way back from the site where you signed in. If nothing happens:
posting-elsewhere-title = Sending you to sign in
posting-elsewhere-text = You are on your way to the site where you sign in. If nothing happens:
continue = Continue
ask-sign-out-title = Sign out?
ask-sign-out-text = A service asks to end your session, { $name }.
ask-sign-out-stay = Stay signed in
leaving-title = Signing out
leaving-text = Your services are being told that you are signing out.

## A device lets itself in by a code

device-title = Connect a device
device-lead = Type the code the device shows.
device-label = Code
device-hint = Eight letters and figures, in two halves
device-unknown = No device is waiting with this code. Check it on the device, or ask the device for a new one.
device-wait = Too many wrong codes. Try again in ten minutes.
device-question-title = Open { $service } on a device?
device-question-lead = Whoever holds the device will use this service under your name.
device-question-place = The request comes from the network address { $place }.
device-question-near = It is the one you are using now.
device-question-far = It is not the one you are using now.
device-question-since = { $count ->
    [0] It was made less than a minute ago.
    [one] It was made { $count } minute ago.
   *[other] It was made { $count } minutes ago.
}
device-question-warning = If somebody sent you this code, answer no: it would open the service to them.
device-question-yes = Yes, it is my device
device-question-no = No
device-yes-title = The device is connected
device-yes-text = You can go back to the device: { $service } is opening there.
device-no-title = The device is refused
device-no-text = { $service } is not opened on this device.
device-home = Home page

## Sources, for whoever administers them

sources-title = Sources
sources-none = No source is synchronised.
sources-all = All sources
source-title = Source { $source }
source-never = Never synchronised
source-csv = The synchronisations, for a spreadsheet (CSV)
run-title = Synchronisation of { $when }
run-unfinished = Unfinished
run-applied = Applied
run-held = Held: nothing is written
run-incomplete = Incomplete: nobody is suspended
run-failed = Failed
run-undone = Undone
run-same = Nothing had changed.
run-did = { $read } read, { $created } created, { $updated } updated, { $suspended } suspended
run-would = { $read } read; { $created } would be created, { $updated } updated, { $suspended } suspended
run-decide = Decide
run-release-text = { $count ->
    [one] Look at the source first. If it is right, a new reading may take something from { $count } person.
   *[other] Look at the source first. If it is right, a new reading may take something from { $count } people.
}
run-release = Let it go
run-refuse-text = If it is wrong, refuse: nobody will be able to let this synchronisation go.
run-refuse = Refuse
run-refused = Refused on { $when }.
run-losses = What schools would lose
run-loss-school = { $who }: { $gone } of { $active } people ({ $percent } %)
run-loss-profile = { $who }: { $gone } of { $active } ({ $percent } %)
run-loss-moved = { $who }: { $gone } of { $active }, and { $moved } to another school ({ $percent } %)
run-more-schools = { $count ->
    [one] And { $count } other school.
   *[other] And { $count } other schools.
}
run-gains = What would double
run-gain = { $establishment }, { $who }: { $came } come, { $active } were there
run-people = People
run-people-read = read
run-people-created = accounts created
run-people-updated = accounts updated
run-people-reactivated = accounts that are back
run-people-unchanged = accounts unchanged
run-people-kept = accounts left as they are
run-people-suspended = accounts suspended, or that would be
run-people-waiting = absent for the first time
run-people-narrowed = lose a school
run-people-stripped = have none any more
run-people-ceased = lose a profile
run-people-moved = go to another school
run-people-spared = wait for the complete file of their school
run-facts = Course
run-fact-duration = duration
run-fact-memory = memory, at most
run-fact-changes = changes read
run-fact-undo = can be undone until
run-seconds = { $figure } s
run-megabytes = { $figure } MB
run-why-too-many-people = Of the { $active } active people of the source, { $absent } would be suspended and { $stripped } left without any establishment ({ $share } %); at most { $allowed } may be.
run-why-too-many-of-one-school = { $establishment }: of { $active } people, { $absent } would be suspended and { $lost } would lose every right there ({ $share } %); at most { $percent } % may.
run-why-too-many-of-one-profile = { $establishment }, { $who }: { $all } people of { $active } would not be any more ({ $share } %); at most { $percent } % may.
run-why-too-many-moved = { $establishment }, { $who }: of { $active } people, { $moved } would move to another school and { $gone } would not be any more ({ $share } %); at most { $percent } % may leave.
run-why-more-than-accepted = { $losing } people would be suspended, lose an establishment or a profile, or move to another school; { $accepted } were accepted.
run-why-older = The source is as of { $now }, and was as of { $before } already: is an older state in place of a newer one?
run-why-undone = Run { $run } was undone: does the source say something else by now?
run-waiting = Schools that wait for their file
run-waits = { $establishment }, { $who }: of { $active } people { $leaving } would leave and { $came } come.
run-rejected = Rejected entries
run-entries = The first ones, by their name
run-csv = The rejected entries, for a spreadsheet (CSV)
run-remarks = Remarks: these people are read all the same
run-shared = Shared logins
reject-fields = a value of { $a } has { $b } fields instead of { $c }
reject-long-field = a field of { $a } has { $b } characters; at most { $c } are taken
reject-long = { $a } has { $b } characters; at most { $c } are taken
reject-longer = { $a } has more than { $b } characters
reject-values = { $a } has more than { $b } values
reject-no-code = a value of { $a } has no code
reject-no-person = a value of { $a } names no person or no link
reject-twice = another entry has the same { $a }
reject-twice-key = an entry before this one has the same join key
reject-twice-number = an entry before this one has the same establishment number
remark-birth-date = the date of birth is no date: with an activation code nobody is asked for it
reject-not-typed = { $a } cannot be typed
reject-no-text = { $a } is not text
reject-nowhere = { $a } is missing: it does not say where the person is
reject-missing = { $a } is missing
reject-two-weights = { $a } gives one person two legal weights
reject-two-classes = { $a } gives two classes in one structure
reject-many-people = { $a } names more than { $b } people
reject-no-function = { $a } names no function that opens anything, and no profile says more
reject-no-pupil = { $a } names no pupil of these files
reject-no-structure = { $a } names no structure that this directory describes
reject-degree-above = the degree above has this pupil too, and its word counts
reject-other-source = source { $a } brings this establishment already; it stays as that source tells it
reject-unknown-record = it changes a record that no delivery adds
reject-uai = { $a }: the key letter of this UAI does not fit its number

## The services the academy offers to establishments, for their heads

offers-title = Services offered to your school
offers-text = The academy offers these services to your school, { $place }. None opens there without you: read what it receives, then choose for whom and until when.
offers-none = No service is offered to this school.
offers-link = Services offered to your school
offers-waiting = { $count ->
    [one] One service you had opened is closed: what it receives has changed. It waits for you to read it again.
   *[other] { $count } services you had opened are closed: what they receive has changed. They wait for you to read them again.
}
offer-shut = Closed in this school.
offer-open = Open until the end of { $until }, for: { $whom }.
offer-over = Closed: its last day was { $until }.
offer-changed = Closed: what this service receives has changed since the school opened it until { $until }. Read the sheet again and open it again, or leave it closed.
offer-sheet = The sheet
offer-purpose = Purpose
offer-controller = Controller
offer-hosting = Hosting
offer-retention = Retention
offer-addresses = Addresses
offer-for = Offered to
offer-sent = What the service receives
offer-sends-nothing = Nothing: it is a plain link.
offer-identifier = What the person is known by
offer-home = Home page
offer-grades = Marks
offer-roster = The roster of the class or group
offer-prolong = Another day, for the same people
offer-prolong-see = See what that changes
offer-anew = Start again: for whom, until when
offer-fine = What is said above is finer than this form: sending it replaces that.
offer-choose = For whom, until when
offer-whom = Who may open it
offer-levels = Only these levels
offer-levels-hint = For pupils and their parents. For example: 6EME, 5EME. All levels if nothing is written.
offer-classes = Only these classes
offer-classes-hint = For pupils and their parents. For example: 6A, 6B. All classes if nothing is written.
offer-day = Last day
offer-see = See who gains and who loses
offer-preview = Before you open it
offer-until = Until the end of { $until }.
offer-moved = Who gains, who loses
offer-gain = { $who }: { $count } more
offer-lose = { $who }: { $count } fewer
offer-nobody = Nobody gains or loses this service.
offer-cut = The school has more people than this page looks at: the numbers are minimums.
offer-signs = Your yes is to the sheet below, and to no other: if it changes, the service closes until you have read it again.
offer-yes = Open the service
offer-close = Close the service
offer-no = Close { $title }
offer-problem-day = Say the last day.
offer-problem-over = The last day is over already.
offer-problem-far = The last day is too far away: at the latest, the 31 July that ends the next school year.
offer-problem-nobody = Tick at least one kind of people the service is offered to.
offer-problem-families = Levels and classes are those of pupils and their parents: tick them, or empty these fields.
offer-problem-many = At most 50 levels and classes, of at most 64 characters.
offer-problem-kept = What is open changed while you were reading it. Read it again.
offer-problem-sheet = The sheet changed while you were reading it. Read it again.

## My account, passkeys, second factor

account-mine = My account
account-home = Back to the home page
account-back = Back to my account
account-factors = My proofs
account-factors-text = A passkey takes the place of the password: your phone or your computer knows you by your fingerprint, your face or the code of the device. Nothing can be copied or guessed.
account-added = Added on { $when }
account-used = Last used on { $when }
account-unused = Never used
account-change = Rename or remove
account-rename = Rename
account-remove = Remove
account-remove-text = It will not sign you in any more, and your other sessions will be closed.
account-problem-name = Give it a name.
account-problem-passkey = This passkey was not added. Try again; if it is yours already, it is in the list.
account-problem-last = This is your last proof, and your account asks for one. Add another one before you remove it.
passkey-use = Sign in with a passkey
passkey-given-up = No passkey was used. You can try again.
passkey-script = Your browser cannot use a passkey here: it takes JavaScript and a recent browser.
passkey-new-title = Add a passkey
passkey-new-text = Your device will ask for your fingerprint, your face or its code. None of it leaves the device.
passkey-name = Name of the passkey
passkey-name-hint = So that you find it in the list: the device it is on, for example.
passkey-name-default = My device
passkey-make = Make the passkey
problem-passkey = This passkey did not tell who you are. Try again, or use your login and your password.
second-title = One more proof
second-purpose = This page asks for one more proof than your password.
second-purpose-service = Opening { $service } takes one more proof than your password.
second-back = Sign in another way
factor-wanted-title = You need a second factor
factor-wanted-text = Administration always asks for a second factor, and your account has none yet. Add one, then come back.
account-kind-passkey = Passkey
account-kind-one-time-code = Code application
account-method-directory-password = Password of the directory
account-method-local-password = Password
account-method-federated = Another identity provider
account-method-class-card = Class card
account-method-passkey = Passkey
account-second-passkey = with a passkey
account-second-one-time-code = with a code
second-remember = { $count ->
    [one] Do not ask me again on this device for a day, where possible
   *[other] Do not ask me again on this device for { $count } days, where possible
}
account-kind-remembered-device = Device where the second factor is not asked for again
account-remembered-until = Until { $when }
account-second-remembered-device = on a remembered device
account-second-recovery-code = with a recovery code
account-language = My language
account-language-text = Your pages are in this language on all your devices from the next sign-in on, and so is what is sent to you.
account-language-choose = Language
account-language-browser = That of my browser
account-language-keep = Save
account-kind-mailed-code = Code by mail
account-second-mailed-code = with a code received by mail
account-sessions = My open sessions
account-session-began = Begun on { $when }
account-session-seen = Last seen on { $when }
account-session-here = It is the one of this browser.
account-session-end = Close this session
account-sessions-end = Close all other sessions
account-data = My data
account-data-text = One file: your account, what you are where, your ways of signing in, your sessions, the marks that tools gave you in your classes of today, and the latest 10,000 lines at most of your journal of a year. It holds no secret. What is not in it (chartes you accepted, favourites, applications you allowed), ask your school for.
account-data-birth = Your date of birth is not kept: only a code by which it is checked when you use an activation code, and which does not tell it.
account-data-take = Download my data
account-received = What services received of me
account-received-text = For a month, service by service: how often, the last time, and what it received of you. The values themselves are not kept.
account-received-times = { $count ->
    [one] once
   *[other] { $count } times
}
account-received-last = last on { $when }
account-refused = Somebody tried to come in
account-refused-text = If it was not you, tell your school, and change the password you sign in with.
account-refused-second-factor-wanted = On { $when }: the first step of signing in was passed, and no second factor came after it.
account-refused-wrong-code = On { $when }: the first step of signing in was passed, then a wrong code was typed.
account-refused-codes-stopped = On { $when }: the first step of signing in was passed, after too many wrong codes.
account-refused-passkey-counter = On { $when }: a copy of your passkey may have been used. Remove that passkey.
account-refused-wrong-birth-date = On { $when }: an activation code made for you was typed, then a date of birth that is not yours.
account-received-none = No service received anything of you within a month.
problem-code-stopped = Too many wrong codes were typed for your account: codes of the application open nothing on this device any more. Use a recovery code, a passkey or a device you used before.
account-problem-many = You have twenty applications already: remove one first.
account-problem-code = This code is not right. Check the clock of your phone, wait for the next code, then try again.
account-paper = { $count ->
    [0] You have no recovery code: they serve on the day you lose the rest.
    [one] You have one recovery code left.
   *[other] You have { $count } recovery codes left.
}
codes-new-title = Add a code application
codes-new-text = Take a picture of this drawing with your application, then type the code it shows.
codes-typed = Or type this key there:
codes-name = Name of the application
codes-name-default = My phone
codes-code = Code shown by the application
codes-add = Add
paper-title = Recovery codes
paper-text = Write them down or print them, and keep them far from your phone. Each serves once. They will not be shown again, and those before them are worth nothing now.
paper-kept = I wrote them down
paper-make = Make new recovery codes
problem-code = This code is not right, or it was used. Wait for the next code, then try again.
problem-code-wait = Too many tries: wait a little before you try again.
second-code = Code
second-code-hint = The six digits of your application, or a recovery code.
second-code-send = Continue
second-code-hint-mail = The six figures of the mail, or a recovery code.
second-mail = Receive a code by mail
nudge-title = Simpler than a password
nudge-text = With a passkey you will have neither a password nor a code to type next time.

## A tool opened for a class or a group (LTI)

lti-title = Open { $service }
lti-text = For which class or group?
lti-open = { $title }, for { $place }
lti-link = { $title }, for { $place }
lti-to-marks = Marks of { $place }
lti-choose = Choose something for { $place }
lti-remove = Remove “{ $title }” from { $place }
lti-choice-title = Add for { $place }
lti-choice-text = You chose in { $service }:
lti-choice-yes = Add for { $place }
lti-marks-title = Marks of { $place }
lti-marks-text = Those { $service } left here, of the pupils this service knows. They are kept until a month after the end of the school year.
lti-marks-none = No mark was left.
lti-marks-export = Download these marks (CSV)

## Shared spaces

spaces-title = My spaces
spaces-text = The spaces that { $place } shares with other schools, and those you are in.
spaces-new = Create a space
spaces-none = No space so far.
spaces-soon = A space you manage is over soon. One click renews it.
spaces-sent = Lists sent to other workspaces
sent-title = List sent: { $class }
sent-lead = For the space “{ $space }” ({ $peer }). Sent on { $at }.
sent-by = By { $name }.
sent-whom = Who is on the list
sent-forgotten = The journal of this workspace does not say any more, or never said, who is on this list.
sent-first = The list is long: of what the journal says of it, this page reads the first { $count } lines only.
sent-fewer = The others are not known here any more.
spaces-sent-text = A list taken back lets out at once whom it let in.
space-people = { $count ->
    [one] 1 person
   *[other] { $count } people
}
space-until = Until the end of { $until }.
space-open = Open.
space-over = Over.
space-closed = Closed.
space-stopped = Stopped: its convention is suspended, over or has not begun.
space-soon = It is over soon: renew it.
space-peer = With { $peer }.
space-new-text = You create it for { $place }. Nothing opens before you have read it again.
space-title = Title
space-day = Last day
space-day-hint = At the latest the end of the convention with the other workspace, or 31 July without one.
space-services = Services of the space
space-no-services = Your academy has opened no service to shared spaces yet.
space-classes = Your classes and groups
space-no-classes = The directory gives you no class.
space-role = What your pupils are there
space-role-hint = Whoever teaches these classes manages the space.
space-with = With which school
space-with-nobody = None: our classes only
space-their-classes = Their classes
space-their-classes-hint = As your colleague calls them, for example: CM2A, CM1B. Your colleague will say which class they send.
space-their-classes-written = As that school calls them, for example: CM2A, CM1B. The list of each class is then written on the page of the space.
space-their-classes-either = As that school calls them, for example: CM2A, CM1B. Your colleague will say which class they send; of a school whose list is written here, the list of each class is then written on the page of the space.
space-their-role = What their pupils are there
space-their-staff = What their teachers are there
space-no-staff = They do not come
space-their-staff-hint = Of a school whose list is written here, only pupils come.
space-only-written = Of the other school, only the pupils of the list written here come.
space-see = Read it before opening
space-preview = Before it opens
space-yes = Open the space
space-change = Change the space
space-change-title = Change “{ $title }”
space-change-text = A class you take away is out of the space at once; a role you change counts at once.
space-change-preview = Before it changes
space-change-see = Read it before changing
space-change-yes = Change the space
space-chosen = Your choice
space-group-pupils = Pupils of { $class } ({ $place }): { $role }
space-group-staff = Teachers of { $class } ({ $place }): { $role }
space-opens = It opens:
space-estimate = About { $about } guests, at thirty pupils a class. Places left: { $left } of the { $quota } of the convention.
space-estimate-over = About { $about } guests, at thirty pupils a class: more than the { $left } places left of the { $quota } of the convention. A list that is too long will be refused.
space-problem = To correct:
space-problem-title = Give it a title.
space-problem-partner = Choose a school of the list.
space-problem-classes = Tick one to twenty of your classes.
space-problem-their-classes = Name their classes, twenty at most.
space-problem-services = Tick at least one service.
space-problem-day = Say the last day.
space-problem-far = The last day is too far away: after the end of the convention, or after 31 July.
space-problem-over = The last day is over already.
space-who = Who is in it
space-class = { $class } ({ $place })
space-invite = Invite
space-invite-text = Send this link to your colleague. They open it in their own workspace, choose their class and send the list: a given name, an initial, the class. The link holds for thirty days and opens nothing by itself.
space-by-card = This school has no workspace that vouches for its pupils: there is no link to send. Receive their signed list first, at the bottom of this page, and then make their cards.
space-by-card-written = This school can neither recognise its pupils online nor sign their list: there is no link to send. Write their list first, at the foot of this page, then make their cards.
space-write = Write the list of a class
space-write-first = Show first that it is you, then write
space-write-class = Class of the other school
space-write-names = Pupils
space-write-hint = One a line, { $most } at most: the given name, then the initial of the family name, as “Lou V.”. Nothing else: no family name, no date of birth. Their school gave you these names.
space-write-closed = The head of your school did not say yes to lists that are written here. They do so on their page “Guests from other workspaces”.
guests-written = Lists that are written here
guests-written-text = A school that signs no lists names its pupils to the teacher who manages the space, who writes their given names and initials and makes their cards. It is for you to allow that.
guests-written-yes = { $peer }: teachers may write lists.
guests-written-no = { $peer }: nobody may write a list.
guests-written-allow = Allow it
guests-written-forbid = Allow it no more
list-no-typed-not-allowed = The head of the school did not say yes to lists that are written here.
list-no-typed-too-many = A list that is written here has at most 40 lines.
list-no-typed-line = a given name, a space and the initial of the family name, nothing else.
list-no-typed-twice = this name stands on another line already. If they are two children, tell them apart.
list-no-typed-there = somebody of that name and class is in the space already.
list-no-typed-stopped = somebody of that name was stopped here.
space-by-card-to = Cards of classes
space-invite-write = Write to my colleague
space-invite-copy = Or copy this link
space-invite-subject = Invitation: { $title }
space-invite-mail = Hello, I suggest that your class { $class } works with us in the space “{ $title }”. Open this link in your workspace to send the list of the class.
space-guests = Guests
space-no-guests = Nobody is invited yet.
space-quota = Guests: { $there } of the { $quota } the convention allows.
space-stop-guest = Stop at once
space-stop = Stop at once, for good
space-lists = Lists received
space-list-line = { $class }: { $guests }, { $at }
space-withdrawn = Taken back
space-undo = Take back
space-guests-after = More guests
stops = Stopped
stops-text = They come in by no list until somebody lets them come back, for 400 days at most for a person. After that, a new list may name them.
stop-everywhere = { $name }: stopped by the head for the whole establishment, on { $at }
stop-head = { $name }: stopped by the head for one space, on { $at }
stop-manager = { $name }: stopped for one space, on { $at }
stop-convention = { $name }, all guests: stopped by the head, on { $at }
lifts = Stops lifted
lifts-text = Within a month. A new list may name these people.
lifted = { $name }: stop lifted by { $by }, on { $at }.
lifted-convention = { $name }, all guests: stop lifted by { $by }, on { $at }.
lifted-why = Reason: “{ $why }”
lifter-manager = whoever manages the space
lifter-head = the head of the school
lifter-operator = the operator of this workspace
stop-forgotten = Somebody of whom nothing is known any more
stop-lift = Let come back
turn-before = Previous page
turn-after = Next page
space-list = A list received otherwise
space-list-file = Signed file
space-list-text = Or its content, pasted
space-list-hint = If the other workspace cannot send it by itself: choose the signed file that it made, or paste all of its text. You will see the names before you accept.
space-list-see = Look at the list
space-list-preview = Before you accept
space-list-would = New guests: { $added }. Known already: { $known }.
space-list-stopped = Stays out: stopped here
space-list-new = New
space-list-yes = Accept the list
space-list-refused = The list is refused, whole:
list-line = Line { $line }: { $said }
list-no-no-list = This is no list of guests signed by a workspace.
list-no-no-convention = It is under a convention that this workspace does not have.
list-no-no-space = There is no space of the name it says.
list-no-other-lines = Its lines are not those that were signed: the file was changed.
list-no-too-many = It names more than 20,000 guests.
list-no-by-other = It comes from another workspace than that of the convention.
list-no-for-other = It was made for another workspace.
list-no-other-convention = It is under another convention.
list-no-other-space = It is for another space.
list-no-future = It was signed at a time that is not there yet: a clock is ahead.
list-no-expired = It expired: ask for a new one.
list-no-holds-long = It holds for longer than 31 days.
list-no-count = It does not have as many lines as it says.
list-no-nobody = It names nobody.
list-no-not-in-force = The convention is not in force.
list-no-not-open = The space is not open, or not under this convention.
list-no-not-for = The convention is not for the establishment of this space.
list-no-name = Its name is none of a list.
list-no-one-way = By this convention nobody of the other workspace comes here.
list-no-ended = The convention or the space has just ended.
list-no-stopped = The head of the host establishment stopped everything that comes by this convention.
list-no-too-often = This space received too many lists within a day: try again tomorrow.
list-no-already = It was received already: ask for a new one.
list-no-line-length = a given name, an initial, a class, a level or a code name is missing or too long.
list-no-line-school = the convention does not name this school.
list-no-line-staff = by this convention pupils come, and no teachers.
list-no-line-class = the space is not for this class.
list-no-line-twice = the same person stands on another line already.
list-no-line-ours = this person belongs to the host establishment by now, and is invited no more.
list-no-no-guest = this is no guest, or the line says more than it may (column { $column }).
list-no-not-signed = It is not signed by the other workspace of the convention, or not with the key that is known.
list-no-other-terms = The two workspaces did not sign the same text of the convention (fingerprints { $theirs } and { $ours }). Tell whoever administers yours.
list-no-no-terms = The workspace that made it runs an older version, whose lists do not say the fingerprint of the convention ({ $ours }). Tell whoever administers it: it is to be upgraded.
list-no-over-quota = { $more } guests more than the { $there } there are would exceed the { $quota } of the convention.
space-renew = Renew until { $until }
space-close = Close the space
space-close-text = Guests are out of it at once, and their services are told. A closed space stays closed.
space-close-yes = Close at once, for good
role-visiteur = reading
role-redacteur = writing
role-redacteur-publication = writing and publishing
role-moderateur = moderating
role-gestionnaire = managing
join-title = Invitation from another workspace
join-lead = { $peer } invites your class “{ $class }” into the space “{ $title }”.
join-until = The space is open until the end of { $until }.
join-class = Your class
join-see = See the names
join-whom = Who would be on the list
join-data = Of each the other workspace receives the given name, the initial, the school, the class and a code name that serves it alone. Nothing else leaves.
join-without-text = Tick “Do not send” for a pupil who is not to be on the list, for example because their family objects.
join-without = Do not send { $name }
join-teacher = { $name } (you)
join-send = Accept and send the list
join-sent = The list is sent
join-done = { $peer } has received your class in the space “{ $title }”. New guests: { $added }. Known already: { $known }.
join-back = Your pupils enter by their usual sign-in. You can take this list back at any time in “My spaces”.
join-stopped = { $count ->
    [one] 1 person stays out: the host establishment stopped them.
   *[other] { $count } people stay out: the host establishment stopped them.
}
join-refused = { $peer } refuses the list, whole. Nothing of it is there.
join-problem-broken = This link is no invitation that we recognise. Ask your colleague for another one.
join-problem-convention = No convention in force with that workspace is about this school.
join-problem-terms = Your workspace and the other did not sign the same text of the convention: nothing leaves. Tell whoever administers it; the two fingerprints are to be compared.
join-problem-expired = This invitation has expired. Ask your colleague for another one.
join-problem-classes = This invitation is for a school where you have no class.
join-problem-nobody = This class has nobody to invite.
join-problem-unreached = The other workspace did not answer. If the list arrived all the same, you can take it back in “My spaces”; otherwise try again later.
join-problem-recall = The other workspace did not answer: the list is not taken back. Try again later, or ask your colleague to take it back.
guests-title = Guests from other workspaces
guests-text = Who comes into the spaces of { $place }, what each may open there and until when.
guests-none = No guest, and no space open to other workspaces.
guests-cut = These spaces have more guests than this page shows: open the page of each.
guests-convention = Convention in force until the end of { $until }. Its fingerprint, the same on both sides: { $terms }
guests-stop = Stop at once, for good, everything { $peer } has here
arrivals-title = Guests who became pupils
arrivals-text = Children who came to { $place } as guests of another workspace may be pupils of yours by now.
arrivals-none = Nobody to bring together: no former guest is like one of your pupils by more than the name.
arrivals-how = A name proves nothing: say yes only of a child you know. After a yes, the two accounts are one: the child comes in as your pupil, and no more through the former workspace. After a no, these two are not proposed again.
arrivals-gone = This proposal is not there any more: somebody decided meanwhile, or one of the two accounts changed. Nothing was done.
arrivals-taken = Further accounts of pupils already brought together
arrivals-taken-text = Of each of these pupils somebody said yes to another former guest already, and a pupil goes on as one alone. The account below stays apart: nothing opens with it, what was done with it stays in services under its former name, and it is erased by itself. If the first yes was the wrong one, tell whoever runs your workspace: once that is undone, you can say yes to this one.
arrivals-more = More proposals wait: they come when these are decided.
arrival-pupil = { $name } ({ $classes })
arrival-guest = May be { $guest }, a former guest: { $class } ({ $place }), { $peer }.
arrival-name = Same given name and same initial.
arrival-here = Came to the space “{ $space }” of your establishment, by the list of { $since }, until { $until }.
arrival-level = Was in { $left }, is in { $now }.
arrival-paired = Their school is paired with your establishment.
arrival-sector = Their school is of your sector, as the directory says.
arrival-of-several = { $title }: guest account { $number } of { $count }
arrival-several-guests = Mind: { $count } different guest accounts are like this pupil. The pupil goes on as one of them: say yes to the right one, the others stay apart.
arrival-same-list = Another one of these accounts was on the same list, which names each child once: these are probably two children.
arrival-several-pupils = Mind: this former guest is like { $count } of your pupils.
arrival-follows = The pupil’s account was never used: services will know the child, and what they did there as a guest follows.
arrival-stays = The pupil’s account was used already: it stays as it is, and what the guest did in services stays there under the former name.
arrival-yes = Yes, this is the same child
arrival-no = No, these are two children
## Activating an account

activate-link = I have an activation code
activate-title = Activate my account
activate-purpose = You were given a code on paper: with it you choose your password.
activate-code = Activation code
activate-code-hint = Twelve letters and digits, such as 7K2M-9XQ4-HD3W.
activate-continue = Continue
activate-back = I have no code
activate-lost = Code lost or expired? Ask your school for another one: the former one will be worth nothing.
activate-problem-code = This code is worth nothing: it was used, it expired, another one replaced it, or it was mistyped. Check it, or ask your school for another one.
activate-problem-charte = To come in, you have to accept the charter of use.
activate-problem-login = Choose a login of 3 to 64 letters without accents, digits, dots or hyphens.
activate-problem-taken = This login is taken. Choose another one.
birth-title = Your date of birth
birth-purpose = Before you choose your password, type your date of birth: this code is good for the person it was given to, and nobody else.
birth-not-kept = It is not kept: it is compared, and forgotten.
birth-date = Date of birth
birth-hint = In figures, such as 3, 11 and 2014.
birth-day = Day
birth-month = Month
birth-year = Year
birth-limit = { $count ->
    [one] After one wrong date this code is worth nothing any more: you have to ask for another one.
   *[other] After { $count } wrong dates this code is worth nothing any more: you have to ask for another one.
}
birth-other = The date is right and not accepted? Ask your school which one it has noted.
birth-problem-day = There is no such day. Type the day, the month and the year in figures.
birth-problem-wrong = This is not right. Check the date and try again.
birth-problem-ended = Too many wrong dates: this code is worth nothing any more. Ask your school for another one.
choose-password-title = Choose my password
choose-password-for = This code is that of { $name }.
choose-password-not-you = If that is not you, go no further and give the paper back to the school.
choose-password-login = You will type it each time. You may keep this one.
choose-password-keeps = It is yours, and does not change.
choose-password-length = At least { $least } characters. A short sentence is easier to remember than a complicated word.
choose-password-again = The same password once more
choose-password-submit = Activate and come in
password-problem-again = The two passwords are not the same. Type them again.
password-problem-short = This password is too short: it takes at least { $least } characters.
password-problem-long = This password is too long.
password-problem-common = This password is one that everybody tries. Choose another one, such as a few words that have nothing in common.
password-problem-personal = This password looks like your name, your login or the name of this site. Choose another one.
password-problem-breached = This password is in a list of stolen passwords. Choose another one, and change it wherever you use it.
charte-accept-title = Accept the charter of use
charte-accept-text = Before a service opens, read the charter and accept it. You find it again at the foot of every page.
charte-accept-label = I have read the charter of use and accept it
charte-accept = I have read and accept it
charte-accept-else = If you do not accept it, no service opens. Talk to your school.

## Activation codes, to be printed

desk-title = Activation codes
desk-text = You get a document to print and cut out: one card for each person, to be handed to them. Unless you say otherwise, only those who have neither a password nor a code in force get one.
desk-whom = For whom?
desk-classes = For which classes?
desk-classes-hint = Without a choice, for all of them.
desk-again = Also for those who have a code already (it is taken back) or a password (it stays good until the new code is used)
desk-cancels = A code that is printed again takes the former one back.
desk-print = Make the codes
desk-link = Print activation codes
desk-problem-nobody = Nobody needs a code in what you chose.
sheet-document = Activation codes
sheet-title = { $class } – { $public }
sheet-pupil = Pupils
sheet-guardian = Legal representatives
sheet-staff = Staff
sheet-guest = Guests
sheet-subtitle = Activation codes – { $place }, { $day }
sheet-note = To be cut out and handed to their owner. A card that was lost is replaced: print another one, the first will be worth nothing.
sheet-of-class = Pupil of { $class }, { $place }
sheet-parent-of = Answers for { $child }
sheet-step-1 = 1. Photograph the square, or go to { $address }
sheet-step-2 = 2. Check or type the code below.
sheet-step-3 = 3. Choose your login and your password.
sheet-step-3-pupil = 3. Choose your login and your password, and keep them to yourself.
sheet-foot = This code opens { $workspace } once, until { $until }. Give it to nobody.

## The line, on the morning of the rentrée

line-title = Many people are signing in
line-text = Your place is kept: you will type your password as soon as it is your turn.
line-place = { $count ->
    [one] It is your turn soon.
   *[other] You are at place { $count }.
}
line-minutes = { $count ->
    [one] Less than a minute to wait, or about that.
   *[other] About { $count } minutes to wait.
}
line-again = This page looks again by itself. Do not close it.
line-look = Look now

## Helping a pupil, changing a password

class-title = Passwords of my pupils
class-text = A pupil lost their password? Make an activation code: they choose another password. The pupil is told, and the journal keeps your name.
class-choose = Class
class-of = Class { $class }
class-nobody = Nobody in this class has their password here.
class-active = Has a password
class-inactive = Has no password yet
class-make = Make a code
class-code-title = Activation code
class-code-text = Write it down and hand it to the pupil and to nobody else. It will not be shown again. The pupil types it at this address:
class-code-until = It is good once, until { $until }. A code made before is worth nothing now.
class-code-anew = Once it is used, the former password, passkeys and codes of the pupil are worth nothing, and their sessions end.
class-waits-title = An activation code waits for you
class-waits = A code was made for you on { $when }. Whoever holds it can change your password. If you asked for nothing, talk to your school, or change your password: the code will be worth nothing.
class-waits-by = { $by } made a code for you on { $when }. Whoever holds it can change your password. If you asked for nothing, talk to your school, or change your password: the code will be worth nothing.
password-change = Change my password
password-change-text = Your other sessions will be closed.
password-new = New password
password-change-submit = Change
password-changed = Password changed
password-changed-text = Your other sessions are closed, and applications that acted for you have to ask you again.
password-changed-left = { $count ->
    [0] You have no other way to sign in.
    [one] One other way to sign in is left, a passkey or an application: if it is not yours, remove it in your account.
   *[other] { $count } other ways to sign in are left, passkeys or applications: remove in your account those that are not yours.
}

## Class cards

card-link = I have a class card
card-title = My class card
card-purpose = Take a picture of the square on your card, or copy its letters here.
card-code = The letters on the card
card-code-hint = Twelve letters and digits, such as 7K2M-9XQ4-HD3W.
card-back = I have no card
card-problem-unknown = This card does not work. Check the letters, or show it to your teacher.
card-problem-closed = The class is not open. Ask your teacher to open it.
card-problem-elsewhere = Your card does not work here. It works at school, during class. If you are at school, show this to your teacher.
card-problem-stopped = Your card is blocked. Ask your teacher to unblock it.
card-problem-three = Three pictures, no more and no less.
card-problem-pictures = These are not your three pictures. Try again.
pictures-title = Tap your three pictures
pictures-hello = Hello { $name }!
pictures-enter = Enter
picture-sun = sun
picture-house = house
picture-flower = flower
picture-fish = fish
picture-tree = tree
picture-star = star
picture-heart = heart
picture-boat = boat
picture-apple = apple
picture-moon = moon
picture-car = car
picture-umbrella = umbrella
cards-title = Class cards
cards-text = For pupils who cannot read a password yet: a card and three pictures. Cards open only during a lesson that you open, and only the services meant for them.
cards-guests-of = Guests of “{ $space }”
cards-open = { $count ->
    [one] Open for one minute
   *[other] Open for { $count } minutes
}
cards-open-until = The lesson is open until { $until }.
cards-closed = No lesson: cards open nothing.
cards-elsewhere = From where you are cards open nothing: they open on the network of the school.
cards-out-of-hours = No lesson: here, cards open in hours of class only.
cards-end = End the lesson
cards-signed-in-count = { $count ->
    [0] Nobody is signed in with a card.
    [one] One pupil is signed in with a card.
   *[other] { $count } pupils are signed in with their cards.
}
cards-pupils = Pupils
cards-nobody = Nobody here can have a card.
cards-none = No card
cards-made = Card made on { $when }
cards-stopped = Card blocked after three wrong tries
cards-spent = Card for one use, used already
cards-revoked = Card taken back
cards-signed-in = Signed in since { $since }
cards-leave = Sign out
cards-revoke = Take the card back
cards-unblock = Unblock the card
cards-restore = Give the card back
cards-once-more = Allow one more sign-in
cards-reprint = Make the card again
cards-print-one = Make a card
cards-print-title = Print
cards-print-text = The document begins with the list of everybody’s pictures: keep it to yourself, it will not be shown again. The cards follow, to be cut out; they do not bear the pictures.
cards-again = Also make the cards of those who have one again: the former will be worth nothing
cards-print = Make the cards
cards-problem-nobody = Everybody has a card already. To print them again, tick the box: the former will be worth nothing.
cards-problem-hours = Here, a lesson is opened in hours of class only.
cards-sheet-title = Cards of { $class }
cards-sheet-subtitle = { $place }, { $day }
cards-sheet-note = To be cut out: one card for each pupil. A lost card is replaced: make it again, the first will be worth nothing.
cards-sheet-of = { $class }, { $place }
cards-sheet-step-1 = 1. Take a picture of the square, or go to { $address } and copy the letters.
cards-sheet-step-2 = 2. Tap your three pictures.
cards-sheet-foot = This card works only in class, when the lesson is open. Lost? Say so at once: another one is made for you.
cards-roll-title = Pictures of { $class } – for the teacher
cards-roll-note = Keep it out of sight of pupils. Tell everybody their three pictures; they will not be shown again.
## Lost passwords and codes by mail

forgotten-title = Forgotten password
forgotten-purpose = We write to the address your establishment has of you, with a code to choose another password.
forgotten-none = If your establishment does not have your address, or if no mail arrives, ask them: the form teacher helps their pupils, the head’s office helps families.
forgotten-who = Login or mail address
forgotten-who-hint = What you type to sign in, or the address your establishment has of you.
forgotten-send = Send me a mail
forgotten-back = Back to sign-in
forgotten-help = Get help
forgotten-problem-empty = Type your login or your address.
forgotten-asked-title = Look into your mail
forgotten-asked = If this account exists, if its password is changed here and if we have its address, a mail is on its way.
forgotten-asked-then = It usually arrives within a minute, sometimes among unwanted mail. Its code is good for { $minutes } minutes and once. Asking several times makes it arrive no sooner.
forgotten-people = A code on paper replaces it: the form teacher helps their pupils, the head of the establishment helps families.
forgotten-elsewhere = This password does not live here: it is changed where you got it.
forgotten-elsewhere-staff = It is that of your academic mailbox. The help desk of your academy can give you another one.
forgotten-elsewhere-others = Ask whoever gave it to you, usually your establishment.
forgotten-there = Change this password
reset-title = Choose another password
reset-code = Code of the mail
reset-code-hint = Twelve letters and figures, such as 7K2M-9XQ4-HD3W.
reset-problem-code = This code is worth nothing: it was used, it is too old, a later mail replaced it, or there is a slip of the finger.
reset-another = Ask for another mail
reset-ends = Your open sessions will be closed everywhere.
reset-done = All your sessions are closed. Sign in with the new password.
reset-go-on = Sign in
reset-second-purpose = Your account has a second factor. It is asked for before the password is changed: reading your mail is not enough.
reset-second-passkey = Confirm with a passkey
reset-second-lost = You lost that as well? Ask your establishment: once they have made sure who you are, they give you a code that replaces everything.
reset-second-leave = Back to the sign-in
reset-problem-passkey = This passkey did not identify you. Try again.
mailed-title = Receive a code by mail
mailed-purpose = Before anything of your account is changed, a code received by mail will be asked for besides the password.
mailed-worth = A code by mail protects less than a passkey or an application: it does not open services that ask for two factors.
mailed-to = Codes are sent to { $address }, the address your establishment has of you.
mailed-sent = A code was sent to { $address }. It is good for ten minutes, on this page alone.
mailed-send = Receive a first code
mailed-again = Receive another code
mailed-code-hint = The six figures of the mail.
mailed-problem-code = This code is not that of the latest mail, or it is too old. Check it, or ask for another one.
mailed-problem-many = A code was sent a moment ago. Take the latest that arrived, or wait a little before asking for another one.

## Letters

letter-signed = { $workspace }, { $base }
    This message was written by a machine: nobody reads what is answered to it.
letter-password-reset-subject = { $workspace }: choose another password
letter-password-reset-text = Hello,

    Somebody, you most likely, asked for another password for the login { $login }.

    To choose it, open this address within half an hour:
    { $base }/reset#{ $code }

    If the page asks for a code, it is this one: { $code }

    It is good once. If you asked for nothing, do nothing: the former password stays good. Give this code to nobody; nobody has a reason to ask you for it.
letter-password-resets-subject = { $workspace }: choose another password
letter-password-resets-text = Hello,

    Somebody, you most likely, asked for another password. Several accounts have this address: here is a link for each.

    Within half an hour open that of the account whose password you lost:

    { $accounts }

    If the page asks for a code, it is what follows the sign #.

    Each link is good once. Accounts whose link you do not open stay as they are. Give these codes to nobody; nobody has a reason to ask you for them.
letter-password-changed-subject = { $workspace }: your password was changed
letter-password-changed-text = Hello,

    The password of the account { $login } was just changed, and other sessions are closed.

    If it was you, there is nothing to do. If not, tell your establishment now: they can stop the account.
letter-code-subject = { $workspace }: a code for your account
letter-code-text = Hello,

    Your code is { $code }. It is good for ten minutes, on the page that asked for it.

    If you asked for nothing, somebody knows your password: change it. Give this code to nobody.
letter-space-ends-subject = The space “{ $title }” ends on { $when }
letter-space-ends-text = Hello,

    The space “{ $title }”, which you manage, ends on { $when }. After that day nobody comes in.

    { $further ->
        [yes] To keep it until { $until }, open this page and click on “Renew”:
       *[no] It cannot last longer. Take out in time what you want to keep; another space can be opened afterwards:
    }
    { $base }/space/{ $space }
letter-inspection-subject = { $workspace }: an inspector may look at your space
letter-inspection-text = Hello,

    { $said }

    Nothing else is open to them. Your home page says so too, until a month after the end, and “My data” for thirteen months:
    { $base }/
letter-inspection-ended-subject = { $workspace }: nobody inspects your space any more
letter-inspection-ended-text = Hello,

    The inspection of your space ended sooner than was said. { $said }
inspections-title = Inspections
inspections-text = You can let an inspector look at the space of a teacher of { $place } in a service, as a visitor, for some days. The teacher is told on their home page, and by mail where their address is known; they read your reason.
inspections-none = Nobody looks at a space of { $place }, nor did within the last month.
inspection-line = { $inspector } looks at the space of { $teacher } in “{ $service }” until { $until }. Reason: “{ $reason }”. Granted by { $by }.
inspection-line-over = { $inspector } could look at the space of { $teacher } in “{ $service }” from { $from } to { $until }. Reason: “{ $reason }”. Granted by { $by }.
inspection-of-you = { $inspector } may look at your space in “{ $service }”, as a visitor, until { $until }. Reason: “{ $reason }”. Granted by { $by }.
inspection-of-you-over = { $inspector } could look at your space in “{ $service }”, as a visitor, from { $from } to { $until }. Reason: “{ $reason }”. Granted by { $by }.
inspection-for-you = You may look at the space of { $teacher } in “{ $service }”, as a visitor, until { $until }. Reason: “{ $reason }”.
inspection-for-you-over = You could look at the space of { $teacher } in “{ $service }” from { $from } to { $until }. Reason: “{ $reason }”.
inspection-by-operator = the operator of this workspace, for the academy
inspection-by-former = the head of the establishment
inspection-end = End it
inspection-new = Grant one
inspection-search = Name of the teacher
inspection-found-none = No teacher of your school has that name.
inspection-found-more = The first twenty are offered: give the first name as well.
inspection-inspector = Login of the inspector
inspection-inspector-hint = The one they sign in with here.
inspection-teacher = Teacher
inspection-choose = Choose
inspection-service = Service
inspection-days = Number of days
inspection-days-hint = From 1 to { $days } days from now on. None is prolonged: another one has its own reason.
inspection-reason = Reason
inspection-reason-hint = One sentence, which the teacher will read.
inspection-grant = Grant
inspection-refused = Nothing is granted:
inspection-no-inspector = no active inspector has that login.
inspection-no-teacher = this person does not teach in your establishment.
inspection-untold = this service cannot tell a visitor from others: no space can be looked at there.
inspection-no-space = this teacher does not open that service, so there is no space.
inspection-bad-reason = the reason must be a sentence of 10 to 500 characters.
inspection-bad-days = it lasts from 1 to { $days } days.
inspection-kept-out = a rule of the service, or of a level above it, closes it to this inspector.
inspection-already = this inspector looks at that space already. Wait for the end, or end it first.
inspection-many = this inspector looks at as many spaces already as anybody may at once.
inspection-often = eight were granted of this person’s spaces in a day, and a letter went to them for each. Wait a day.
inspection-oneself = nobody grants one to themselves. The academy can grant it to you.
