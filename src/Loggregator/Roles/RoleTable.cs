namespace Loggregator.Roles;

/// <summary>The whole topology: the roles in the order in which an envelope passes them.</summary>
internal static class RoleTable
{
    public static readonly Role[] IngressToEgress = [];

    /// <summary>The role of that name.</summary>
    public static Role Named(string name) => Array.Find(IngressToEgress, role => role.Name == name) ?? throw new ArgumentException($"There is no role '{name}'.", nameof(name));
}
