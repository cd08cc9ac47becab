using SharpFuzz;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// <c>FlowPipe.Tests.Fuzz fuzz decoder|capture|reassembler</c> serves libFuzzer (<c>sharpfuzz FlowPipe.Core.dll</c> first, then
/// <c>libfuzzer-dotnet --target_path=… --target_arg="fuzz decoder"</c>); anything else runs the tests.
/// </summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["fuzz", "decoder"]:
                Fuzzer.LibFuzzer.Run(DecoderTarget.Run);
                return 0;
            case ["fuzz", "capture"]:
                Fuzzer.LibFuzzer.Run(CaptureTarget.Run);
                return 0;
            case ["fuzz", "reassembler"]:
                Fuzzer.LibFuzzer.Run(ReassemblerTarget.Run);
                return 0;
            case ["fuzz", ..]:
                Console.Error.WriteLine("fuzz: name a target, decoder, capture or reassembler");
                return 2;
        }
        return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit
                .MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
                .GetAwaiter()
                .GetResult()
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
    }
}
