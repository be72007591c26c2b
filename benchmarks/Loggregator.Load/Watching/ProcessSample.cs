using System.Globalization;

namespace Loggregator.Load.Watching;

/// <summary>What the kernel says about a process at one moment.</summary>
/// <param name="CpuSeconds">User and system time since its start; the kernel counts hundredths.</param>
/// <param name="ResidentBytes">VmRSS.</param>
/// <param name="PeakResidentBytes">VmHWM.</param>
internal readonly record struct ProcessSample(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed by the kernel's ABI

    /// <summary>Null when there is no such process.</summary>
    public static ProcessSample? Take(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name in parentheses may hold anything; from field 3 on
            var ticks = Number(fields[11]) + Number(fields[12]);
            long resident = 0, peak = 0;
            foreach (var line in File.ReadLines($"/proc/{pid}/status"))
            {
                resident = line.StartsWith("VmRSS:", StringComparison.Ordinal) ? KiB(line) : resident;
                peak = line.StartsWith("VmHWM:", StringComparison.Ordinal) ? KiB(line) : peak;
            }

            return new ProcessSample(ticks / TicksPerSecond, resident, peak);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long KiB(string line) => Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;

    private static long Number(string text) => long.Parse(text.AsSpan().Trim(), CultureInfo.InvariantCulture);
}
