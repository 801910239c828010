<#
.SYNOPSIS
    Makes the mailboxes, contacts and groups of recipients.csv in Exchange,
    and the memberships of links.csv.

.DESCRIPTION
    Written by mailmig beside the two files. The script is the same for every
    directory: no name or address stands in it, all are read from the files.

    It may be run again: what is there is looked at, and only what is missing
    or different is written. A row that fails does not stop the others; all
    that failed is listed at the end and in failed.csv.

    Recipients that exist keep their primary address and all their others. No
    recipient, address or membership is ever removed. A mailbox that a contact
    stands in the way of fails, with the contact's name.

.PARAMETER Directory
    Where recipients.csv and links.csv are; the script's own directory.
.PARAMETER PasswordFile
    CSV with the columns Recipient and Password, for accounts that must be made.
    Recipient is the Key of recipients.csv. Accounts that are there get their
    mailbox without one.
.PARAMETER UpnDomain
    For new accounts without an address: the domain of their log-in name.
.PARAMETER OrganizationalUnit
    Where new recipients go (Exchange Server).
.PARAMETER Database
    Where new mailboxes go (Exchange Server).
.PARAMETER LinkByAlias
    A recipient that has the alias of a row, but none of its addresses, is the
    same one. Without it, such a row fails.
.PARAMETER Plan
    Say what would be done, and do nothing.
#>
[CmdletBinding()]
param(
    [string]$Directory = $PSScriptRoot,
    [string]$PasswordFile,
    [string]$UpnDomain,
    [string]$OrganizationalUnit,
    [string]$Database,
    [switch]$LinkByAlias,
    [switch]$Plan
)

$failed = New-Object System.Collections.ArrayList
$counts = @{ Created = 0; Changed = 0; Same = 0; Links = 0 }
$passwords = @{}
$identity = @{}
$kindOf = @{}
$ignored = @{}

function Read-Table([string]$Name) {
    $path = [System.IO.Path]::Combine($Directory, $Name)
    return @(Import-Csv -LiteralPath $path -Delimiter ',' -Encoding UTF8)
}

function Add-Failure([string]$Key, [string]$Step, $Why) {
    $text = [string]$Why
    if ($Why -is [System.Management.Automation.ErrorRecord]) {
        $text = $Why.Exception.Message
    }
    [void]$failed.Add([pscustomobject]@{ Key = $Key; Step = $Step; Reason = $text })
    Write-Warning ('{0}: {1}: {2}' -f $Key, $Step, $text)
}

# One cmdlet that writes. A parameter that this Exchange does not have is named
# once and left out.
function Invoke-Step([string]$Command, [hashtable]$Parameters) {
    $known = (Get-Command -Name $Command -ErrorAction Stop).Parameters
    $use = @{ ErrorAction = 'Stop' }
    if ($known.ContainsKey('Confirm')) { $use['Confirm'] = $false }
    foreach ($name in @($Parameters.Keys)) {
        if ($known.ContainsKey($name)) {
            $use[$name] = $Parameters[$name]
        }
        elseif (-not $ignored.ContainsKey("$Command $name")) {
            $ignored["$Command $name"] = $true
            Write-Warning ('{0} has no parameter {1} here: it is left out' -f $Command, $name)
        }
    }
    return (& $Command @use)
}

function Add-Given([hashtable]$Parameters, $Row, [string[]]$Columns) {
    foreach ($column in $Columns) {
        if ($Row.$column) { $Parameters[$column] = $Row.$column }
    }
}

function Get-Addresses($Recipient) {
    $set = @{}
    foreach ($address in @($Recipient.EmailAddresses)) { $set[[string]$address] = $true }
    return $set
}

# All addresses that a row wants as secondary ones, its primary one too.
function Get-Wanted($Row) {
    $wanted = @()
    if ($Row.PrimarySmtpAddress) { $wanted += 'smtp:' + $Row.PrimarySmtpAddress }
    foreach ($line in $Row.EmailAddresses.Split([char]10)) {
        $address = $line.Trim([char]13)
        if ($address) { $wanted += $address }
    }
    return $wanted
}

# Who of Exchange a row is about: who has one of its Internet addresses, else
# who has its alias. A wildcard in a name finds nobody by chance: what is found
# must have exactly the address or alias.
function Find-Recipient($Row) {
    $hits = @{}
    $hasAddress = $false
    foreach ($address in @(Get-Wanted $Row) + @($Row.ExternalEmailAddress)) {
        if ($address -notlike 'smtp:*@*') { continue }
        $hasAddress = $true
        $bare = $address.Substring(5)
        foreach ($found in @(Get-Recipient -Identity $bare -ErrorAction SilentlyContinue)) {
            if ($found -and (Get-Addresses $found).ContainsKey('smtp:' + $bare)) {
                $hits[[string]$found.Guid] = $found
            }
        }
    }
    if ($hits.Count -gt 1) {
        throw ('its addresses belong to several recipients: ' +
            (@($hits.Values | ForEach-Object { [string]$_.Name }) -join '; '))
    }
    foreach ($found in $hits.Values) { return $found }
    if (-not $Row.Alias) { return $null }
    foreach ($found in @(Get-Recipient -Identity $Row.Alias -ErrorAction SilentlyContinue)) {
        if ($found -and $found.Alias -eq $Row.Alias) {
            if ($hasAddress -and -not $LinkByAlias) {
                throw ('the alias {0} belongs to {1}, who has none of the addresses; -LinkByAlias takes them to be the same' -f
                    $Row.Alias, [string]$found.Name)
            }
            return $found
        }
    }
    return $null
}

function Find-Account($Row, [string]$Upn) {
    foreach ($name in @($Upn, $Row.Account)) {
        if (-not $name) { continue }
        foreach ($user in @(Get-User -Identity $name -ErrorAction SilentlyContinue)) {
            if ($user -and ($user.UserPrincipalName -eq $Upn -or
                    ($Row.Account -and $user.SamAccountName -eq $Row.Account))) {
                return $user
            }
        }
    }
    return $null
}

function New-RowMailbox($Row) {
    $cloud = (Get-Command -Name 'New-Mailbox' -ErrorAction Stop).Parameters.ContainsKey('MicrosoftOnlineServicesID')
    $upn = $Row.UserPrincipalName
    if (-not $upn) { $upn = $Row.PrimarySmtpAddress }
    if (-not $upn -and $UpnDomain) { $upn = $Row.Alias + '@' + $UpnDomain }
    if (-not $upn) { throw 'no address to log in with; give -UpnDomain' }
    $account = Find-Account $Row $upn
    if ($account) {
        if ($cloud) { throw 'the account is there; give it a licence, and run the script again' }
        $make = @{ Identity = [string]$account.Guid }
        Add-Given $make $Row @('Alias', 'DisplayName', 'PrimarySmtpAddress')
        if ($Database) { $make['Database'] = $Database }
        return (Invoke-Step 'Enable-Mailbox' $make)
    }
    $password = $passwords[$Row.Key]
    if (-not $password) { throw 'there is no such account, and -PasswordFile has no password for a new one' }
    $make = @{
        Name                      = $Row.Name
        Password                  = (ConvertTo-SecureString -String $password -AsPlainText -Force)
        ResetPasswordOnNextLogon  = $true
    }
    if ($cloud) { $make['MicrosoftOnlineServicesID'] = $upn } else { $make['UserPrincipalName'] = $upn }
    Add-Given $make $Row @('Alias', 'DisplayName', 'FirstName', 'LastName', 'Initials', 'PrimarySmtpAddress')
    if (-not $cloud -and $Row.Account) { $make['SamAccountName'] = $Row.Account }
    if ($OrganizationalUnit) { $make['OrganizationalUnit'] = $OrganizationalUnit }
    if ($Database) { $make['Database'] = $Database }
    return (Invoke-Step 'New-Mailbox' $make)
}

function New-RowContact($Row) {
    if (-not $Row.ExternalEmailAddress) { throw 'a contact needs an ExternalEmailAddress' }
    $make = @{ Name = $Row.Name; ExternalEmailAddress = $Row.ExternalEmailAddress }
    Add-Given $make $Row @('Alias', 'DisplayName', 'FirstName', 'LastName', 'Initials')
    if ($OrganizationalUnit) { $make['OrganizationalUnit'] = $OrganizationalUnit }
    return (Invoke-Step 'New-MailContact' $make)
}

function New-RowGroup($Row) {
    $make = @{ Name = $Row.Name }
    Add-Given $make $Row @('Alias', 'DisplayName', 'PrimarySmtpAddress', 'Notes')
    if ($OrganizationalUnit) { $make['OrganizationalUnit'] = $OrganizationalUnit }
    return (Invoke-Step 'New-DistributionGroup' $make)
}

$custom = @(1..15 | ForEach-Object { 'CustomAttribute' + $_ })
$person = @('FirstName', 'LastName', 'Initials', 'Company', 'Department', 'Title', 'Office',
    'Phone', 'HomePhone', 'MobilePhone', 'Pager', 'Fax', 'AssistantName', 'StreetAddress', 'City',
    'StateOrProvince', 'PostalCode', 'CountryOrRegion', 'WebPage', 'Notes')
$kinds = @{
    mailbox = @{
        Types = @('UserMailbox'); New = 'New-RowMailbox'
        Mail = 'Mailbox'; Person = 'User'; PersonColumns = $person
    }
    contact = @{
        Types = @('MailContact'); New = 'New-RowContact'
        Mail = 'MailContact'; Person = 'Contact'; PersonColumns = $person
    }
    group = @{
        Types = @('MailUniversalDistributionGroup', 'MailUniversalSecurityGroup', 'MailNonUniversalGroup')
        New = 'New-RowGroup'; Mail = 'DistributionGroup'; Person = 'Group'; PersonColumns = @('Notes')
    }
}

# All differences at once; when that is refused, one at a time, so that a value
# that Exchange does not take costs nothing but itself.
function Set-Differences([string]$Key, [string]$Command, [string]$Id, [hashtable]$Differences) {
    if ($Differences.Count -eq 0) { return $false }
    $all = @{ Identity = $Id }
    foreach ($name in @($Differences.Keys)) { $all[$name] = $Differences[$name] }
    try {
        [void](Invoke-Step $Command $all)
    }
    catch {
        if ($Differences.Count -eq 1) {
            Add-Failure $Key ('{0} -{1}' -f $Command, @($Differences.Keys)[0]) $_
        }
        else {
            foreach ($name in @($Differences.Keys)) {
                try { [void](Invoke-Step $Command @{ Identity = $Id; ($name) = $Differences[$name] }) }
                catch { Add-Failure $Key ('{0} -{1}' -f $Command, $name) $_ }
            }
        }
    }
    return $true
}

function Add-Addresses([string]$Key, [string]$Command, [string]$Id, $Now, $Row) {
    $have = Get-Addresses $Now
    $missing = @(Get-Wanted $Row | Where-Object { -not $have.ContainsKey($_) })
    if ($missing.Count -eq 0) { return $false }
    try {
        [void](Invoke-Step $Command @{ Identity = $Id; EmailAddresses = @{ Add = $missing } })
    }
    catch {
        foreach ($address in $missing) {
            try { [void](Invoke-Step $Command @{ Identity = $Id; EmailAddresses = @{ Add = @($address) } }) }
            catch { Add-Failure $Key ('address ' + $address) $_ }
        }
    }
    return $true
}

function Get-Different($Now, $Row, [string[]]$Columns) {
    $different = @{}
    foreach ($column in $Columns) {
        if ($Row.$column -and [string]$Now.$column -cne $Row.$column) {
            $different[$column] = $Row.$column
        }
    }
    return $different
}

# Everything of a row that is not so yet. True when something was written.
function Set-Row($Row, $Kind, [string]$Id) {
    $now = & ('Get-' + $Kind.Mail) -Identity $Id -ErrorAction Stop
    $mail = Get-Different $now $Row (@('DisplayName', 'SimpleDisplayName') + $custom)
    if ($Row.Hidden -and [bool]$now.HiddenFromAddressListsEnabled -ne ($Row.Hidden -eq 'yes')) {
        $mail['HiddenFromAddressListsEnabled'] = ($Row.Hidden -eq 'yes')
    }
    if ($Kind.Mail -eq 'Mailbox' -and $Row.DeliverAndForward -and
        [bool]$now.DeliverToMailboxAndForward -ne ($Row.DeliverAndForward -eq 'yes')) {
        $mail['DeliverToMailboxAndForward'] = ($Row.DeliverAndForward -eq 'yes')
    }
    $a = Set-Differences $Row.Key ('Set-' + $Kind.Mail) $Id $mail
    $b = Add-Addresses $Row.Key ('Set-' + $Kind.Mail) $Id $now $Row
    $who = & ('Get-' + $Kind.Person) -Identity $Id -ErrorAction Stop
    $c = Set-Differences $Row.Key ('Set-' + $Kind.Person) $Id (Get-Different $who $Row $Kind.PersonColumns)
    return ($a -or $b -or $c)
}

function Update-Row($Row) {
    $kind = $kinds[$Row.Kind]
    if (-not $kind) { throw ('the kind {0} is none of mailbox, contact, group' -f $Row.Kind) }
    $kindOf[$Row.Key] = $Row.Kind
    $found = Find-Recipient $Row
    if ($found -and $kind.Types -notcontains [string]$found.RecipientType) {
        throw ('{0} has its address or alias, and is a {1}' -f [string]$found.Name, [string]$found.RecipientType)
    }
    if ($Plan) {
        $what = 'create'
        if ($found) { $what = 'compare with ' + [string]$found.Name }
        Write-Host ('would {0}: {1} {2}' -f $what, $Row.Kind, $Row.Name)
        return
    }
    $created = -not $found
    if ($created) { $found = & $kind.New $Row }
    $id = [string]$found.Guid
    $identity[$Row.Key] = $id
    $changed = Set-Row $Row $kind $id
    if ($created) { $counts.Created++ } elseif ($changed) { $counts.Changed++ } else { $counts.Same++ }
}

# Relations other than membership: the cmdlet and its parameter by kind.
function Get-Relation([string]$Relation, [string]$Kind) {
    $mail = $kinds[$Kind].Mail
    switch ($Relation) {
        'owner' { if ($Kind -eq 'group') { return @('DistributionGroup', 'ManagedBy') } }
        'manager' { if ($Kind -ne 'group') { return @($kinds[$Kind].Person, 'Manager') } }
        'forward' { if ($Kind -eq 'mailbox') { return @('Mailbox', 'ForwardingAddress') } }
        'delegate' { return @($mail, 'GrantSendOnBehalfTo') }
        'accept' { return @($mail, 'AcceptMessagesOnlyFromSendersOrMembers') }
        'reject' { return @($mail, 'RejectMessagesFromSendersOrMembers') }
    }
    return $null
}

function Test-Holds($Values, $Target) {
    foreach ($value in @($Values)) {
        foreach ($name in @('DistinguishedName', 'Identity', 'Guid', 'Name')) {
            if ($value -and [string]$value -eq [string]$Target.$name) { return $true }
        }
    }
    return $false
}

function Update-Links([string]$Key, $Links) {
    $holder = $identity[$Key]
    if (-not $holder) { throw 'the holder could not be made' }
    $members = @{}
    if (@($Links | Where-Object { $_.Relation -eq 'member' }).Count -gt 0) {
        if ($kindOf[$Key] -ne 'group') { throw 'only a group has members' }
        foreach ($member in @(Get-DistributionGroupMember -Identity $holder -ResultSize Unlimited -ErrorAction Stop)) {
            if ($member) { $members[[string]$member.Guid] = $true }
        }
    }
    foreach ($link in $Links) {
        try {
            $target = $identity[$link.Target]
            if (-not $target) { throw 'this recipient is not in recipients.csv, or could not be made' }
            if ($link.Relation -eq 'member') {
                if ($members.ContainsKey($target)) { continue }
                [void](Invoke-Step 'Add-DistributionGroupMember' @{
                        Identity = $holder; Member = $target; BypassSecurityGroupManagerCheck = $true
                    })
                $members[$target] = $true
                $counts.Links++
                continue
            }
            $relation = Get-Relation $link.Relation $kindOf[$Key]
            if (-not $relation) { throw ('a {0} has no {1}' -f $kindOf[$Key], $link.Relation) }
            $now = & ('Get-' + $relation[0]) -Identity $holder -ErrorAction Stop
            if (Test-Holds $now.($relation[1]) (Get-Recipient -Identity $target -ErrorAction Stop)) { continue }
            $value = $target
            if ($relation[1] -ne 'Manager' -and $relation[1] -ne 'ForwardingAddress') { $value = @{ Add = @($target) } }
            [void](Invoke-Step ('Set-' + $relation[0]) @{ Identity = $holder; ($relation[1]) = $value })
            $counts.Links++
        }
        catch {
            Add-Failure $Key ('{0} {1}' -f $link.Relation, $link.Target) $_
        }
    }
}

if ($PasswordFile) {
    foreach ($row in @(Import-Csv -LiteralPath $PasswordFile -Delimiter ',' -Encoding UTF8)) {
        $passwords[$row.Recipient] = $row.Password
    }
}
foreach ($row in @(Read-Table 'recipients.csv')) {
    try { Update-Row $row } catch { Add-Failure $row.Key 'recipient' $_ }
}
if ($Plan) {
    Write-Host 'Links are not looked at with -Plan.'
}
else {
    foreach ($group in @(Read-Table 'links.csv' | Group-Object -Property Holder)) {
        try { Update-Links $group.Name $group.Group } catch { Add-Failure $group.Name 'links' $_ }
    }
}
Write-Host ('{0} created, {1} changed, {2} as they were, {3} links made, {4} failed' -f
    $counts.Created, $counts.Changed, $counts.Same, $counts.Links, $failed.Count)
if ($failed.Count -gt 0) {
    $list = [System.IO.Path]::Combine($Directory, 'failed.csv')
    $failed | Export-Csv -LiteralPath $list -NoTypeInformation -Encoding UTF8
    $failed | Format-Table -AutoSize -Wrap | Out-String | Write-Host
    Write-Host ('What failed is in {0}; correct it and run the script again.' -f $list)
    exit 2
}
