namespace Loggregator.Commands;

/// <summary>A flag that sets one key of the configuration.</summary>
/// <param name="Name">The flag.</param>
/// <param name="Value">What its value is, for help; null for a switch.</param>
/// <param name="Description">What it means, for help.</param>
/// <param name="Key"><c>Section:Name</c>.</param>
internal sealed record SettingFlag(string Name, string? Value, string Description, string Key);
