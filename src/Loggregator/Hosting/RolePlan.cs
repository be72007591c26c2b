using Loggregator.Client.Connect;
using Loggregator.Hosting.Tls;
using Loggregator.Roles;

namespace Loggregator.Hosting;

/// <summary>A role with checked settings and bound listeners: ready to be built.</summary>
/// <param name="Role">Which.</param>
/// <param name="Options">Its options, valid.</param>
/// <param name="Listeners">Its ports, bound, the metrics port among them.</param>
/// <param name="Credentials">With which it dials its peers; null for plaintext.</param>
/// <param name="RoleCheck">How strictly callers' roles are looked at.</param>
/// <param name="DrainDeadline">How long a stop may take.</param>
internal sealed record RolePlan(
    Role Role,
    object Options,
    IReadOnlyList<Listener> Listeners,
    PeerCredentials? Credentials,
    RoleCheck RoleCheck,
    TimeSpan DrainDeadline)
{
    /// <summary>The agent to which the role sends its own numbers; empty: it does not.</summary>
    public string EmitTo { get; set; } = "";
}
