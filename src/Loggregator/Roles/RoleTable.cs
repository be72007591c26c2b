namespace Loggregator.Roles;

/// <summary>The whole topology: the roles in the order in which an envelope passes them.</summary>
internal static class RoleTable
{
    public static readonly Role[] IngressToEgress = [];
}
