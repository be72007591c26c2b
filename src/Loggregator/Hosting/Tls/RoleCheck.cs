namespace Loggregator.Hosting.Tls;

/// <summary>What happens when a peer's certificate does not name a role that may call a method.</summary>
internal enum RoleCheck
{
    /// <summary>Refused when the certificate was issued by a CA of <c>certs init</c>, warned about otherwise.</summary>
    Auto,

    /// <summary>The call is refused.</summary>
    Enforce,

    /// <summary>The call goes on, one warning is logged.</summary>
    Warn,

    /// <summary>Not looked at.</summary>
    Off,
}
