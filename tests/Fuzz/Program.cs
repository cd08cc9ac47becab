using SharpFuzz;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// <c>FlowPipe.Tests.Fuzz fuzz TARGET</c> serves libFuzzer (<c>sharpfuzz FlowPipe.Core.dll</c> first, then
/// <c>libfuzzer-dotnet --target_path=… --target_arg="fuzz TARGET"</c>); <c>fuzz TARGET --seconds N [--from M]</c> mutates by itself, from the M-th mutation
/// on; anything else runs the tests.
/// </summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["fuzz", var name] when Campaign.Targets.TryGetValue(name, out (Target Run, Func<IEnumerable<byte[]>> Seeds) target):
                Fuzzer.LibFuzzer.Run(input => target.Run(input));
                return 0;
            case ["fuzz", var name, "--seconds", var seconds, .. var rest]
                when Campaign.Targets.ContainsKey(name) && int.TryParse(seconds, out int duration) && From(rest) is { } first:
                Console.WriteLine($"{name}: {Campaign.Run(name, TimeSpan.FromSeconds(duration), first)} runs in {duration} s, none failed");
                return 0;
            case ["fuzz", ..]:
                Console.Error.WriteLine(
                    $"fuzz: name a target, one of {string.Join(", ", Campaign.Targets.Keys)}; then --seconds N, --from M"
                );
                return 2;
        }
        return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit
                .MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
                .GetAwaiter()
                .GetResult()
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
    }

    private static int? From(string[] rest) =>
        rest switch
        {
            [] => 0,
            ["--from", var number] when int.TryParse(number, out int first) => first,
            _ => null,
        };
}
