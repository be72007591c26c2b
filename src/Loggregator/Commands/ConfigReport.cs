using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Tells all that is wrong with a configuration at once.</summary>
internal static class ConfigReport
{
    public static void Write(Screen screen, IReadOnlyList<string> errors)
    {
        screen.Error.WriteLine(errors.Count == 1 ? "The configuration has an error:" : $"The configuration has {errors.Count} errors:");
        foreach (var error in errors)
        {
            screen.Error.WriteLine(screen.ErrorColour ? $"  \e[31m✗\e[0m {error}" : $"  - {error}");
        }
    }
}
