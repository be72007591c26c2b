using System.Globalization;

namespace Loggregator.FuzzTests;

/// <summary>How much is tried: <c>FUZZ_FACTOR</c> times the usual number of inputs, and others with each <c>FUZZ_SEED</c>.</summary>
internal static class Effort
{
    private static readonly int Factor = Setting("FUZZ_FACTOR", 1);
    private static readonly int Offset = Setting("FUZZ_SEED", 0) * 1000;

    public static int Of(int usual) => usual * Factor;

    public static int Seed(int usual) => usual + Offset;

    private static int Setting(string name, int usual) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : usual;
}
